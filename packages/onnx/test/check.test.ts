/** Each thing that can be wrong with a model is found, alone, by the error that names it; a right model has none. */
import { describe, expect, test } from "vitest";
import {
  checkModel,
  create,
  findProblems,
  Graph,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeAttribute,
  makeNode,
  makeValueInfo,
  type OnnxError,
  toTensorProto,
} from "../src/index.ts";
import { sampleModel } from "./support/sample.ts";
import { smallModels } from "./support/small.ts";

const tensor = (name: string, ...values: number[]) =>
  toTensorProto({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) }, name);

/** x -> Relu -> a -> Add w -> y, and an If whose branches use a. */
function right(): { model: ModelProto; graph: GraphProto } {
  const branch = (name: string) =>
    create(GraphProtoSchema, {
      name,
      node: [makeNode("Exp", ["a"], ["r"])],
      output: [makeValueInfo("r", "float32")],
    });
  const attributes = { then_branch: branch("then"), else_branch: branch("else") };
  const graph = create(GraphProtoSchema, {
    name: "main",
    node: [
      makeNode("Relu", ["x"], ["a"], { name: "relu" }),
      makeNode("Add", ["a", "w"], ["y"], { name: "add" }),
      makeNode("If", ["cond"], ["z"], { name: "if", attributes }),
    ],
    initializer: [tensor("w", 1, 2)],
    input: [makeValueInfo("x", "float32", ["N", 2]), makeValueInfo("cond", "bool", [])],
    output: [makeValueInfo("y", "float32", ["N", 2]), makeValueInfo("z", "float32")],
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 17n }],
    graph,
  });
  return { model, graph };
}

type Break = (graph: GraphProto, model: ModelProto) => void;

const cases: [string, Break, OnnxError["code"], RegExp][] = [
  [
    "no ir_version",
    (_, m) => {
      m.irVersion = 0n;
    },
    "ONNX_MISSING",
    /ir_version/,
  ],
  ["no graph", (_, m) => void delete m.graph, "ONNX_MISSING", /no graph/],
  [
    "no operator set",
    (_, m) => {
      m.opsetImport = [];
    },
    "ONNX_OPSET",
    /imports no operator set/,
  ],
  [
    "an operator set twice",
    (_, m) => void m.opsetImport.push(Object.assign({}, m.opsetImport[0]!, { domain: "ai.onnx" })),
    "ONNX_OPSET",
    /twice/,
  ],
  [
    "an operator set of version 0",
    (_, m) => {
      m.opsetImport[0]!.version = 0n;
    },
    "ONNX_OPSET",
    /start at 1/,
  ],
  [
    "a domain that is not imported",
    (g) => {
      g.node[0]!.domain = "com.microsoft";
    },
    "ONNX_OPSET",
    /"relu".*"com.microsoft"/,
  ],
  [
    "a node without an operator",
    (g) => {
      g.node[0]!.opType = "";
    },
    "ONNX_MISSING",
    /op_type/,
  ],
  [
    "an input that nothing defines",
    (g) => {
      g.node[1]!.input[1] = "v";
    },
    "ONNX_DANGLING",
    /node "add" uses "v"/,
  ],
  [
    "an output that nothing defines",
    (g) => {
      g.output[0]!.name = "v";
    },
    "ONNX_DANGLING",
    /output of the graph uses "v"/,
  ],
  [
    "a capture that nothing defines",
    (g) => {
      inside(g).node[0]!.input[0] = "v";
    },
    "ONNX_DANGLING",
    /"v"/,
  ],
  [
    "a name that only another branch defines",
    (g) => {
      inside(g).node[0]!.output[0] = "q";
    },
    "ONNX_DANGLING",
    /"r"/,
  ],
  [
    "an inner name used outside",
    (g) => {
      g.node[1]!.input[1] = "r";
    },
    "ONNX_DANGLING",
    /"r"/,
  ],
  ["nodes out of order", (g) => void g.node.reverse(), "ONNX_ORDER", /Graph.sort/],
  ["a capture before its value", (g) => void g.node.unshift(g.node.pop()!), "ONNX_ORDER", /"a"/],
  [
    "a cycle",
    (g) => {
      g.node[0]!.input[0] = "y";
    },
    "ONNX_CYCLE",
    /relu -> add -> relu/,
  ],
  [
    "a node that feeds itself",
    (g) => {
      g.node[0]!.input[0] = "a";
    },
    "ONNX_CYCLE",
    /relu -> relu/,
  ],
  [
    "a cycle through a subgraph",
    (g) => {
      g.node[0]!.input[0] = "z";
    },
    "ONNX_CYCLE",
    /if/,
  ],
  [
    "two nodes of one output",
    (g) => void g.node.push(makeNode("Exp", ["x"], ["y"])),
    "ONNX_DUPLICATE",
    /"y" is defined twice/,
  ],
  [
    "an output that is an input",
    (g) => void g.node.push(makeNode("Exp", ["a"], ["x"])),
    "ONNX_DUPLICATE",
    /input of the graph/,
  ],
  [
    "an output that is an initializer",
    (g) => void g.node.push(makeNode("Exp", ["x"], ["w"])),
    "ONNX_DUPLICATE",
    /initializer/,
  ],
  [
    "two inputs of one name",
    (g) => void g.input.push(makeValueInfo("x", "float32")),
    "ONNX_DUPLICATE",
    /"x"/,
  ],
  ["two initializers of one name", (g) => void g.initializer.push(tensor("w", 3)), "ONNX_DUPLICATE", /"w"/],
  [
    "an initializer without a name",
    (g) => void g.initializer.push(tensor("", 3)),
    "ONNX_MISSING",
    /initializer/,
  ],
  [
    "an input without a name",
    (g) => void g.input.push(makeValueInfo("", "float32")),
    "ONNX_MISSING",
    /input/,
  ],
  ["an input without a type", (g) => void delete g.input[0]!.type, "ONNX_MISSING", /"x" has no type/],
  ["an input of an unknown element type", (g) => void elem(g, 77), "ONNX_DATA_TYPE", /77/],
  [
    "a declared negative size",
    (g) => {
      g.input[0] = makeValueInfo("x", "float32", [-2]);
    },
    "ONNX_TENSOR",
    /-2/,
  ],
  [
    "a declared shape that overflows",
    (g) => {
      g.input[0] = makeValueInfo("x", "float32", [2 ** 40, 2 ** 40]);
    },
    "ONNX_TENSOR",
    /53-bit/,
  ],
  [
    "an initializer shorter than its shape",
    (g) => {
      g.initializer[0]!.dims = [3n];
    },
    "ONNX_TENSOR",
    /"w".*needs 12 bytes/,
  ],
  [
    "an initializer whose shape overflows",
    (g) => {
      g.initializer[0]!.dims = [2n ** 40n, 2n ** 40n];
    },
    "ONNX_TENSOR",
    /53-bit/,
  ],
  [
    "an initializer of a negative size",
    (g) => {
      g.initializer[0]!.dims = [-2n];
    },
    "ONNX_TENSOR",
    /-2/,
  ],
  [
    "an initializer of an unknown type",
    (g) => {
      g.initializer[0]!.dataType = 0;
    },
    "ONNX_DATA_TYPE",
    /"w"/,
  ],
  ["external data outside the folder", (g) => void external(g, "../secret"), "ONNX_EXTERNAL_DATA", /leaves/],
  [
    "an attribute twice",
    (g) => void attribute(g, makeAttribute("k", 1n), makeAttribute("k", 1n)),
    "ONNX_DUPLICATE",
    /"k"/,
  ],
  [
    "an attribute without a name",
    (g) => void attribute(g, makeAttribute("", 1n)),
    "ONNX_ATTRIBUTE",
    /no name/,
  ],
  [
    "an attribute of two types",
    (g) => void attribute(g, Object.assign(makeAttribute("k", 1n), { floats: [1] })),
    "ONNX_ATTRIBUTE",
    /another type/,
  ],
  [
    "a graph attribute without a graph",
    (g) => void delete g.node[2]!.attribute[0]!.g,
    "ONNX_ATTRIBUTE",
    /no value/,
  ],
  [
    "a reference outside a function",
    (g) => void attribute(g, Object.assign(makeAttribute("k", 1n), { refAttrName: "q" })),
    "ONNX_ATTRIBUTE",
    /functions/,
  ],
  [
    "text that is not Unicode",
    (g) => {
      g.docString = "\udc00";
    },
    "ONNX_TEXT",
    /graph\.doc_string/,
  ],
];

const inside = (g: GraphProto): GraphProto => g.node[2]!.attribute[0]!.g!;
const elem = (g: GraphProto, elemType: number): void => {
  const value = g.input[0]!.type!.value;
  if (value.case === "tensorType") value.value.elemType = elemType;
};
const attribute = (g: GraphProto, ...list: ReturnType<typeof makeAttribute>[]) =>
  g.node[0]!.attribute.push(...list);
const external = (g: GraphProto, location: string): void => {
  g.initializer = create(GraphProtoSchema, {
    initializer: [
      {
        name: "w",
        dims: [2n],
        dataType: 1,
        dataLocation: 1,
        externalData: [{ key: "location", value: location }],
      },
    ],
  }).initializer;
};

describe("checking a model", () => {
  test("finds nothing wrong with right ones", () => {
    expect(findProblems(right().model)).toEqual([]);
    expect(() => checkModel(right().model)).not.toThrow();
    const sample = sampleModel();
    Graph.of(sample).sort();
    for (const model of [sample, ...smallModels()]) expect(findProblems(model)).toEqual([]);
  });

  test.each(cases)("finds %s", (_, breakIt, code, message) => {
    const { model, graph } = right();
    breakIt(graph, model);
    const problems = findProblems(model);
    expect(problems.map((problem) => problem.code)).toContain(code);
    expect(problems.find((problem) => problem.code === code)?.message).toMatch(message);
    expect(() => checkModel(model)).toThrow(problems[0]);
  });

  test("looks into functions", () => {
    const model = sampleModel();
    Graph.of(model).sort();
    model.functions[0]!.node[1]!.input[0] = "nowhere";
    expect(findProblems(model).map((problem) => problem.message)).toEqual([
      expect.stringMatching(/"nowhere"/),
    ]);
    model.functions[0]!.node[1]!.domain = "other";
    expect(findProblems(model)[0]?.code).toBe("ONNX_OPSET");
  });

  test("stops at a thousand problems", () => {
    const { model, graph } = right();
    graph.node.push(
      makeNode(
        "Sum",
        Array.from({ length: 5000 }, (_, i) => `missing${i}`),
        ["s"],
      ),
    );
    expect(findProblems(model).length).toBe(1000);
  });

  test("takes a time linear in the size of the model, whatever its subgraphs see", () => {
    // 20,000 names, each in sight of 20,000 subgraphs: copying names for every subgraph would take 400 million steps.
    const graph = create(GraphProtoSchema, { name: "main", input: [makeValueInfo("c", "bool", [])] });
    for (let i = 0; i < 20_000; i++) {
      const body = create(GraphProtoSchema, {
        node: [makeNode("Not", ["c"], ["n"])],
        output: [{ name: "n" }],
      });
      graph.node.push(
        makeNode("If", ["c"], [`v${i}`], { attributes: { then_branch: body, else_branch: body } }),
      );
    }
    const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph });
    expect(findProblems(model)).toEqual([]);
  });
});
