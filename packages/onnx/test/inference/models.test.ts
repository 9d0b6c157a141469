/** Inference across nodes: sizes that travel through tensors, subgraphs, functions, and what the file declares itself. */
import { describe, expect, test } from "vitest";
import {
  AttributeProto_AttributeType as A,
  annotateTypes,
  CycleError,
  create,
  findProblems,
  type GraphProto,
  GraphProtoSchema,
  inferShapes,
  type ModelProto,
  ModelProtoSchema,
  makeAttribute,
  makeNode,
  makeValueInfo,
  type NodeProto,
  parseModel,
  writeModel,
} from "../../src/index.ts";
import { sampleModel } from "../support/sample.ts";
import { int64, parseType, scalar, show } from "./support.ts";

const named = (name: string, tensor: ReturnType<typeof int64>) => Object.assign(tensor, { name });

const value = (text: string) => {
  const [name = "", type = ""] = text.split(":");
  const { dtype, shape } = parseType(type);
  return makeValueInfo(name, dtype, shape);
};

function graphOf(
  inputs: string[],
  nodes: NodeProto[],
  outputs: string[],
  constants: GraphProto["initializer"] = [],
): GraphProto {
  const output = outputs.map((name) => ({ name }));
  return create(GraphProtoSchema, { input: inputs.map(value), node: nodes, initializer: constants, output });
}

function modelOf(graph: GraphProto, opset = 21): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ version: BigInt(opset) }, { domain: "local", version: 1n }],
    graph,
  });
}

const typesOf = (graph: GraphProto, opset?: number): Record<string, string> =>
  Object.fromEntries([...inferShapes(modelOf(graph, opset)).types].map(([name, type]) => [name, show(type)]));

describe("sizes that travel through tensors", () => {
  test("Shape, Gather, Concat, Reshape: flattening the heads of an attention", () => {
    const graph = graphOf(
      ["x:float32[N, T, 12]"],
      [
        makeNode("Shape", ["x"], ["s"]),
        makeNode("Gather", ["s", "zero"], ["n"]),
        makeNode("Gather", ["s", "one"], ["t"]),
        makeNode("Unsqueeze", ["n", "first"], ["n1"]),
        makeNode("Unsqueeze", ["t", "first"], ["t1"]),
        makeNode("Concat", ["n1", "t1", "heads", "rest"], ["to"], { attributes: { axis: 0n } }),
        makeNode("Reshape", ["x", "to"], ["y"]),
        makeNode("Transpose", ["y"], ["z"], { attributes: { perm: [0n, 2n, 1n, 3n] } }),
      ],
      ["z"],
      [
        named("zero", scalar(0)),
        named("one", scalar(1)),
        named("first", int64(0)),
        named("heads", int64(3)),
        named("rest", int64(-1)),
      ],
    );
    expect(typesOf(graph)).toMatchObject({
      s: "int64[3] = N, T, 12",
      to: "int64[4] = N, T, 3, -1",
      y: "float32[N, T, 3, 4]",
      z: "float32[N, 3, T, 4]",
    });
  });

  test("arithmetic on sizes: doubling an image", () => {
    const graph = graphOf(
      ["x:float32[N, 3, H, W]"],
      [
        makeNode("Shape", ["x"], ["s"], { attributes: { start: 2n } }),
        makeNode("Mul", ["s", "two"], ["d"]),
        makeNode("Shape", ["x"], ["front"], { attributes: { end: 2n } }),
        makeNode("Concat", ["front", "d"], ["sizes"], { attributes: { axis: 0n } }),
        makeNode("Resize", ["x", "", "", "sizes"], ["y"]),
      ],
      ["y"],
      [named("two", int64(2))],
    );
    expect(typesOf(graph)).toMatchObject({ y: "float32[N, 3, 2*H, 2*W]" });
  });

  test("a size that depends on data keeps its name, so that what is computed from it fits together", () => {
    const graph = graphOf(
      ["x:float32[N]"],
      [
        makeNode("NonZero", ["x"], ["i"]),
        makeNode("Transpose", ["i"], ["t"]),
        makeNode("GatherND", ["x", "t"], ["y"]),
        makeNode("Add", ["y", "y"], ["z"]),
      ],
      ["z"],
    );
    expect(typesOf(graph)).toMatchObject({ i: "int64[1, i.1]", t: "int64[i.1, 1]", z: "float32[i.1]" });
  });
});

describe("given shapes", () => {
  const graph = () =>
    graphOf(
      ["a:float32[N, T]", "b:float32[N, 4]"],
      [makeNode("Shape", ["a"], ["s"]), makeNode("Relu", ["b"], ["y"])],
      ["y"],
    );

  test("fix symbols in all inputs", () => {
    const { types } = inferShapes(modelOf(graph()), { inputs: { a: [2, "L"] } });
    expect(show(types.get("s"))).toBe("int64[2] = 2, L");
    expect(show(types.get("y"))).toBe("float32[2, 4]");
  });

  test("must fit what is declared, and each other", () => {
    const model = modelOf(graph());
    expect(() => inferShapes(model, { inputs: { b: [2, 5] } })).toThrow(
      /"b" is given the shape \[2, 5\] and declared \[N, 4\]/,
    );
    expect(() => inferShapes(model, { inputs: { b: [2] } })).toThrow(/declared/);
    expect(() => inferShapes(model, { inputs: { a: [2, 3], b: [3, 4] } })).toThrow(/"b"/);
    expect(() => inferShapes(model, { inputs: { c: [1] } })).toThrow(/no input "c"/);
  });
});

describe("subgraphs", () => {
  const branch = (node: NodeProto, out: string) => graphOf([], [node], [out]);

  test("If has what its branches have in common, or one of them when the condition is known", () => {
    const build = (condition: ReturnType<typeof scalar>[]) =>
      graphOf(
        ["x:float32[N, 4]", ...(condition.length > 0 ? [] : ["c:bool[]"])],
        [
          makeNode("If", ["c"], ["y"], {
            attributes: {
              then_branch: branch(makeNode("Relu", ["x"], ["t"]), "t"),
              else_branch: branch(makeNode("Concat", ["x", "x"], ["e"], { attributes: { axis: 1n } }), "e"),
            },
          }),
        ],
        ["y"],
        condition,
      );
    expect(typesOf(build([])).y).toBe("float32[N, y.1]");
    expect(typesOf(build([named("c", scalar(1))])).y).toBe("float32[N, 4]");
    expect(typesOf(build([named("c", scalar(0))])).y).toBe("float32[N, 8]");
  });

  test("Loop keeps of its states what does not change, and stacks the rest", () => {
    const body = graphOf(
      ["i:int64[]", "go:bool[]", "fixed:float32", "grown:float32"],
      [
        makeNode("Identity", ["go"], ["go2"]),
        makeNode("Relu", ["fixed"], ["fixed2"]),
        makeNode("Concat", ["grown", "grown"], ["grown2"], { attributes: { axis: 0n } }),
        makeNode("Add", ["x", "fixed"], ["slice"]),
      ],
      ["go2", "fixed2", "grown2", "slice"],
    );
    const graph = graphOf(
      ["x:float32[N]"],
      [makeNode("Loop", ["trips", "", "x", "x"], ["a", "b", "c"], { attributes: { body } })],
      ["a", "b", "c"],
      [named("trips", scalar(5))],
    );
    expect(typesOf(graph)).toMatchObject({ a: "float32[N]", b: "float32[b.0]", c: "float32[5, N]" });
  });

  test("Scan walks along an axis of its inputs", () => {
    const body = graphOf(
      ["sum:float32", "row:float32"],
      [makeNode("Add", ["sum", "row"], ["next"]), makeNode("Neg", ["row"], ["out"])],
      ["next", "out"],
    );
    const graph = graphOf(
      ["start:float32[3]", "rows:float32[3, T]"],
      [
        makeNode("Scan", ["start", "rows"], ["end", "all"], {
          attributes: { body, num_scan_inputs: 1n, scan_input_axes: [1n], scan_output_axes: [-1n] },
        }),
      ],
      ["end", "all"],
    );
    expect(typesOf(graph)).toMatchObject({ end: "float32[3]", all: "float32[3, T]" });
  });

  test("sizes born inside do not come out, and types inside are known", () => {
    const inner = graphOf([], [makeNode("NonZero", ["x"], ["z"])], ["z"]);
    const graph = graphOf(
      ["x:float32[4]", "c:bool[]"],
      [makeNode("If", ["c"], ["y"], { attributes: { then_branch: inner, else_branch: inner } })],
      ["y"],
    );
    const inference = inferShapes(modelOf(graph));
    expect(show(inference.types.get("y"))).toBe("int64[1, y.1]");
    expect(show(inference.typesOf(inner).get("z"))).toBe("int64[1, z.1']");
  });

  test("loops inside loops inside loops end in time", () => {
    let body = graphOf(
      ["i:int64[]", "c:bool[]", "v:float32"],
      [makeNode("Concat", ["v", "v"], ["w"], { attributes: { axis: 0n } })],
      ["c", "w"],
    );
    for (let depth = 0; depth < 25; depth++) {
      body = graphOf(
        ["i:int64[]", "c:bool[]", "v:float32"],
        [makeNode("Loop", ["n", "", "v"], ["w"], { attributes: { body } })],
        ["c", "w"],
      );
    }
    const graph = graphOf(
      ["v:float32[2]", "n:int64[]"],
      [makeNode("Loop", ["n", "", "v"], ["w"], { attributes: { body } })],
      ["w"],
    );
    expect(inferShapes(modelOf(graph)).types.has("w")).toBe(true);
  });
});

describe("functions", () => {
  const twice = {
    name: "Flat",
    domain: "local",
    input: ["a"],
    output: ["b"],
    attribute: ["axis"],
    node: [makeNode("Flatten", ["a"], ["b"])],
    opsetImport: [{ version: 21n }],
  };
  twice.node[0]!.attribute.push(
    Object.assign(makeAttribute("axis", 0n), { type: A.INT, refAttrName: "axis" }),
  );

  test("are inferred with the caller's attributes", () => {
    const graph = graphOf(
      ["x:float32[N, 3, 4]"],
      [makeNode("Flat", ["x"], ["y"], { domain: "local", attributes: { axis: 2n } })],
      ["y"],
    );
    const model = modelOf(graph);
    model.functions = create(ModelProtoSchema, { functions: [twice] }).functions;
    expect(show(inferShapes(model).types.get("y"))).toBe("float32[3*N, 4]");
  });

  test("that call themselves end", () => {
    const graph = graphOf(["x:float32[N]"], [makeNode("Again", ["x"], ["y"], { domain: "local" })], ["y"]);
    const model = modelOf(graph);
    const node = [
      makeNode("Again", ["a"], ["b"], { domain: "local" }),
      makeNode("Again", ["b"], ["c"], { domain: "local" }),
    ];
    model.functions = create(ModelProtoSchema, {
      functions: [{ name: "Again", domain: "local", input: ["a"], output: ["c"], node }],
    }).functions;
    expect(show(inferShapes(model).types.get("y"))).toBe("?");
  });
});

describe("the file's own declarations", () => {
  test("fill in what is not known, and lose against what is", () => {
    const graph = graphOf(
      ["x:float32[N, 4]"],
      [
        makeNode("Mystery", ["x"], ["m"], { domain: "local" }),
        makeNode("Relu", ["m"], ["r"]),
        makeNode("Relu", ["x"], ["y"]),
      ],
      ["r", "y"],
    );
    graph.valueInfo = [value("m:float16[N, 7]"), value("y:float32[N, 5]")];
    graph.output = [{ ...graph.output[0]! }, graph.output[1]!];
    const { types, unknown, conflicts } = inferShapes(modelOf(graph));
    expect(show(types.get("r"))).toBe("float16[N, 7]");
    expect(show(types.get("y"))).toBe("float32[N, 4]");
    expect(unknown.map((node) => node.opType)).toEqual(["Mystery"]);
    expect(conflicts.map((error) => error.message)).toEqual([
      expect.stringMatching(/"y" of shape \[N, 4\].*declares \[N, 5\]/),
    ]);
  });

  test("initializers are constants, unless callers may feed them", () => {
    const build = (irVersion: bigint) => {
      const graph = graphOf(
        ["x:float32[6]", "to:int64[2]"],
        [makeNode("Reshape", ["x", "to"], ["y"])],
        ["y"],
        [named("to", int64(2, 3))],
      );
      return Object.assign(modelOf(graph), { irVersion });
    };
    expect(show(inferShapes(build(3n)).types.get("y"))).toBe("float32[2, 3]");
    expect(show(inferShapes(build(8n)).types.get("y"))).toBe("float32[y.0, y.1]");
  });

  test("are completed by annotateTypes, inside subgraphs too", () => {
    const inner = graphOf([], [makeNode("Relu", ["x"], ["a"]), makeNode("Shape", ["a"], ["s"])], ["s"]);
    const graph = graphOf(
      ["x:float32[N, 4]", "c:bool[]"],
      [
        makeNode("Neg", ["x"], ["n"]),
        makeNode("If", ["c"], ["y"], { attributes: { then_branch: inner, else_branch: inner } }),
      ],
      ["y", "n"],
    );
    const model = modelOf(graph);
    annotateTypes(inferShapes(model));
    const read = parseModel(writeModel(model));
    expect(findProblems(read)).toEqual([]);
    expect(read.graph!.output.map((output) => output.type?.value.case)).toEqual(["tensorType", "tensorType"]);
    expect(read.graph!.node[1]!.attribute[0]!.g!.valueInfo.map((info) => info.name)).toEqual(["a"]);
    const again = inferShapes(read);
    expect(again.conflicts).toEqual([]);
    expect(show(again.types.get("n"))).toBe("float32[N, 4]");
  });
});

describe("any model", () => {
  test("that uses every corner of the format", () => {
    const { types, unknown } = inferShapes(sampleModel());
    expect(show(types.get("y"))).toBe("float32[N, 2]");
    expect(unknown).toEqual([]);
  });

  test("is not changed", () => {
    const model = sampleModel();
    const before = writeModel(model);
    inferShapes(model);
    expect(writeModel(model)).toEqual(before);
  });

  test("with a cycle is refused", () => {
    const graph = graphOf([], [makeNode("Relu", ["a"], ["b"]), makeNode("Relu", ["b"], ["a"])], ["a"]);
    expect(() => inferShapes(modelOf(graph))).toThrow(CycleError);
  });
});
