/** Edits keep producers, uses and order right: each is checked against a plain search of the messages. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CycleError,
  create,
  DuplicateNameError,
  Graph,
  GraphEditError,
  type GraphProto,
  GraphProtoSchema,
  MissingFieldError,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  prune,
  subgraphsOf,
  topologicalOrder,
  toTensorProto,
} from "../src/index.ts";

const scalar = (name: string, value = 0) =>
  toTensorProto({ dtype: "float32", shape: [], data: Float32Array.of(value) }, name);

/** x -> Relu -> a -> { Neg -> b, If (both branches use a; one shadows it in a branch of its own) -> c } -> Add -> y */
function sample(): Graph {
  const deep = create(GraphProtoSchema, {
    name: "deep",
    node: [makeNode("Abs", ["a"], ["d"]), makeNode("Identity", ["w"], ["a2"])],
    output: [{ name: "d" }],
  });
  const thenGraph = create(GraphProtoSchema, {
    name: "then",
    node: [makeNode("If", ["cond"], ["t"], { attributes: { then_branch: deep, else_branch: deep } })],
    output: [{ name: "t" }],
  });
  const elseGraph = create(GraphProtoSchema, {
    name: "else",
    node: [makeNode("Abs", ["x"], ["a"]), makeNode("Abs", ["a"], ["e"])],
    output: [{ name: "e" }],
  });
  const proto = create(GraphProtoSchema, {
    name: "main",
    node: [
      makeNode("Relu", ["x"], ["a"], { name: "relu" }),
      makeNode("Neg", ["a"], ["b"], { name: "neg" }),
      makeNode("If", ["cond"], ["c"], {
        name: "if",
        attributes: { then_branch: thenGraph, else_branch: elseGraph },
      }),
      makeNode("Add", ["b", "c"], ["y"], { name: "add" }),
    ],
    initializer: [scalar("w", 1), scalar("unused")],
    input: [makeValueInfo("x", "float32", ["N"]), makeValueInfo("cond", "bool", [])],
    output: [makeValueInfo("y", "float32", ["N"])],
    valueInfo: [makeValueInfo("a", "float32", ["N"])],
  });
  return new Graph(proto);
}

let graph: Graph;
const node = (name: string): NodeProto => graph.find(name)!;
const users = (name: string) => graph.consumers(name).map((use) => use.node.name);
beforeEach(() => {
  graph = sample();
});

describe("looking", () => {
  test("producers and consumers, captures by subgraphs included, shadowed names excluded", () => {
    expect(graph.producer("a")).toBe(node("relu"));
    expect(graph.producer("x")).toBeUndefined();
    // `deep` is both branches of the inner If, so it captures twice; `else` has an `a` of its own.
    expect(users("a")).toEqual(["neg", "if", "if"]);
    expect(users("x")).toEqual(["relu", "if"]);
    expect(users("cond")).toEqual(["if", "if"]);
    expect(graph.consumers("c")[0]).toMatchObject({ node: node("add"), owner: node("add"), slot: 1 });
    expect([graph.defines("w"), graph.defines("x"), graph.defines("t")]).toEqual([true, true, false]);
  });

  test("subgraphs are graphs with an outer one", () => {
    const [then] = graph.subgraphs(node("if"));
    expect(then?.outer).toBe(graph);
    expect(graph.subgraphs(node("if"))[0]).toBe(then);
    expect(then?.producer("t")?.opType).toBe("If");
    expect(then?.consumers("a").length).toBe(2);
  });

  test("initializers of models before IR version 4 are not inputs to feed", () => {
    const model = create(ModelProtoSchema, { irVersion: 3n, graph: graph.proto });
    graph.proto.input.push(makeValueInfo("w", "float32", []));
    const old = Graph.of(model);
    expect(old.inputs.map((input) => input.name)).toEqual(["x", "cond"]);
    old.initializers.set(scalar("new"));
    expect(graph.proto.input.map((input) => input.name)).toEqual(["x", "cond", "w", "new"]);
    old.initializers.delete("new");
    expect(graph.proto.input.map((input) => input.name)).toEqual(["x", "cond", "w"]);
    expect(() => Graph.of(create(ModelProtoSchema))).toThrow(MissingFieldError);
  });
});

describe("editing", () => {
  test("a node between a value and its users", () => {
    const name = graph.uniqueName("a_q");
    const q = graph.insert(makeNode("Quantize", ["a"], [name], { name: "q" }), { after: node("relu") });
    graph.replaceAllUses("a", name, { except: [q] });
    expect(graph.nodes.map((n) => n.opType)).toEqual(["Relu", "Quantize", "Neg", "If", "Add"]);
    expect(users("a")).toEqual(["q"]);
    expect(users(name)).toEqual(["neg", "if", "if"]);
    const deep = subgraphsOf(subgraphsOf(node("if"))[0]!.node[0]!)[0]!;
    expect(deep.node[0]!.input).toEqual([name]);
    expect(subgraphsOf(node("if"))[1]!.node[1]!.input).toEqual(["a"]);
    consistent(graph);
  });

  test("before another node, and at the end", () => {
    graph.insert(makeNode("A", ["x"], ["a1"], { name: "first" }), { before: node("relu") });
    graph.insert(makeNode("B", ["y"], ["b1"], { name: "last" }));
    expect(graph.nodes.map((n) => n.name)).toEqual(["first", "relu", "neg", "if", "add", "last"]);
    expect(users("y")).toEqual(["last"]);
    expect(() => graph.insert(makeNode("C", [], ["a1"]))).toThrow(DuplicateNameError);
    expect(() => graph.insert(makeNode("C", [], ["w"]))).toThrow(DuplicateNameError);
    expect(() => graph.insert(makeNode("C", [], ["c1"]), { after: makeNode("D", [], []) })).toThrow(
      GraphEditError,
    );
  });

  test("removing a node, once nothing uses it", () => {
    expect(() => graph.remove(node("neg"))).toThrow(/"b".*still used/);
    expect(() => graph.remove(node("add"))).toThrow(GraphEditError);
    graph.replaceAllUses("b", "a");
    graph.remove(node("neg"));
    expect(users("a")).toEqual(["if", "if", "add"]);
    expect(graph.producer("b")).toBeUndefined();
    consistent(graph);
  });

  test("replacing a node, by several that reuse its output's name", () => {
    const fresh = graph.uniqueName("fresh");
    const parts = [makeNode("Mul", ["a", "w"], [fresh]), makeNode("Sub", [fresh, "x"], ["b"])];
    graph.replaceNode(node("neg"), ...parts);
    expect(graph.nodes.map((n) => n.opType)).toEqual(["Relu", "Mul", "Sub", "If", "Add"]);
    expect(graph.producer("b")).toBe(parts[1]);
    expect(() => graph.replaceNode(parts[1]!, makeNode("Sub", [], ["other"]))).toThrow(/"b"/);
    expect(() => graph.replaceNode(parts[1]!, makeNode("Sub", [], ["b", "y"]))).toThrow(DuplicateNameError);
    consistent(graph);
  });

  test("an input of a node, optional ones before it left out", () => {
    graph.setInput(node("neg"), 2, "w");
    expect(node("neg").input).toEqual(["a", "", "w"]);
    expect(users("w")).toEqual(["if", "if", "neg"]);
    graph.setInput(node("neg"), 0, "x");
    consistent(graph);
  });

  test("outputs keep their names unless asked", () => {
    graph.insert(makeNode("Exp", ["y"], ["z"]));
    graph.replaceAllUses("y", "z", { except: [graph.producer("z")!] });
    expect(graph.outputs[0]?.name).toBe("y");
    graph.replaceAllUses("y", "z", { except: [graph.producer("z")!], outputs: true });
    expect(graph.outputs[0]?.name).toBe("z");
  });

  test("a captured value cannot become one that its subgraph hides", () => {
    const before = graph.consumers("x").length;
    // `else` uses the outer x and defines an `a` of its own.
    expect(() => graph.replaceAllUses("x", "a")).toThrow(/inside node "if" has a "a" of its own/);
    expect(graph.consumers("x").length).toBe(before);
    consistent(graph);
  });

  test("a value's name, wherever it is mentioned", () => {
    graph.proto.quantizationAnnotation = [];
    graph.rename("a", "hidden");
    expect(node("relu").output).toEqual(["hidden"]);
    expect(users("hidden")).toEqual(["neg", "if", "if"]);
    expect(graph.proto.valueInfo[0]?.name).toBe("hidden");
    graph.rename("w", "weight");
    expect(graph.initializers.has("weight")).toBe(true);
    expect(users("weight")).toEqual(["if", "if"]);
    graph.rename("x", "image");
    expect(graph.inputs[0]?.name).toBe("image");
    graph.rename("y", "out");
    expect(graph.outputs[0]?.name).toBe("out");
    expect(() => graph.rename("b", "d")).toThrow(DuplicateNameError);
    expect(() => graph.rename("nowhere", "n")).toThrow(GraphEditError);
    consistent(graph);
  });

  test("new names clash with nothing in the whole model, nor with each other", () => {
    expect(graph.uniqueName("free")).toBe("free");
    expect(graph.uniqueName("free")).toBe("free_1");
    expect(graph.uniqueName("d")).toBe("d_1");
    expect(graph.uniqueName("relu")).toBe("relu_1");
    const [then] = graph.subgraphs(node("if"));
    expect(then?.uniqueName("x")).toBe("x_1");
    expect(graph.uniqueName("x")).toBe("x_2");
    expect(graph.uniqueName("")).not.toBe("");
  });

  test("an edit inside a subgraph shows in the graph around it", () => {
    const [, other] = graph.subgraphs(node("if"));
    expect(users("w")).toEqual(["if", "if"]);
    other!.setInput(other!.nodes[0]!, 0, "w");
    expect(users("w")).toEqual(["if", "if", "if"]);
    expect(users("x")).toEqual(["relu"]);
    graph.replaceAllUses("w", "x");
    expect(other!.consumers("x").length).toBe(1);
  });
});

describe("initializers", () => {
  test("are set, found and deleted", () => {
    graph.initializers.set(scalar("k", 3));
    graph.initializers.set(scalar("w", 4));
    expect([...graph.initializers].map((t) => t.name)).toEqual(["w", "unused", "k"]);
    expect(graph.initializers.get("w")?.rawData).toEqual(new Uint8Array(Float32Array.of(4).buffer));
    graph.initializers.delete("k");
    expect(graph.initializers.get("k")).toBeUndefined();
    expect(() => graph.initializers.delete("w")).toThrow(GraphEditError);
    expect(() => graph.initializers.set(scalar("a"))).toThrow(DuplicateNameError);
    expect(() => graph.initializers.set(scalar("x"))).toThrow(DuplicateNameError);
    expect(() => graph.initializers.set(scalar(""))).toThrow(GraphEditError);
  });

  test("are duplicated for some uses and shared again", () => {
    graph.setInput(node("neg"), 1, "w");
    const mine = graph.consumers("w").filter((use) => use.node === node("neg"));
    const copy = graph.initializers.duplicate("w", mine);
    expect(node("neg").input).toEqual(["a", copy]);
    expect(users("w")).toEqual(["if", "if"]);
    expect(graph.initializers.get(copy)?.rawData).toEqual(graph.initializers.get("w")?.rawData);
    graph.initializers.share("w", copy);
    expect(node("neg").input).toEqual(["a", "w"]);
    expect(graph.initializers.has(copy)).toBe(false);
    expect(() => graph.initializers.duplicate("a", [])).toThrow(GraphEditError);
    consistent(graph);
  });
});

describe("pruning", () => {
  test("takes out what no output needs, and what belonged to it", () => {
    graph.insert(makeNode("Exp", ["b"], ["dead"]));
    graph.insert(makeNode("Exp", ["dead"], ["deader"]));
    graph.proto.valueInfo.push(makeValueInfo("dead", "float32"));
    expect(prune(graph)).toEqual({ nodes: 3, initializers: 2 });
    expect(graph.nodes.map((n) => n.opType)).toEqual(["Relu", "Neg", "If", "Add"]);
    // The Identity of `deep` was dead, and with it the last use of `w`.
    expect([...graph.initializers]).toEqual([]);
    expect(graph.proto.valueInfo.map((info) => info.name)).toEqual(["a"]);
    expect(prune(graph)).toEqual({ nodes: 0, initializers: 0 });
    consistent(graph);
  });
});

describe("order", () => {
  test("is kept where it is right, and made right where it is not", () => {
    expect(graph.order()).toEqual([...graph.nodes]);
    graph.proto.node.reverse();
    graph.refresh();
    // The If needs `a` only through its subgraphs.
    expect(graph.order().map((n) => n.name)).toEqual(["relu", "neg", "if", "add"]);
    graph.sort();
    expect(graph.nodes.map((n) => n.name)).toEqual(["relu", "neg", "if", "add"]);
  });

  test("a cycle is named", () => {
    graph.setInput(node("relu"), 0, "b");
    expect(() => graph.order()).toThrow(CycleError);
    expect(() => graph.order()).toThrow(/relu -> neg -> relu/);
    graph.setInput(node("relu"), 0, "a");
    expect(() => graph.order()).toThrow(/relu -> relu/);
  });

  test("a chain of 100,000 nodes does not exhaust the stack", () => {
    const length = 100_000;
    const nodes = Array.from({ length }, (_, i) => makeNode("Relu", [`v${i}`], [`v${i + 1}`])).reverse();
    const order = topologicalOrder(create(GraphProtoSchema, { node: nodes }));
    expect(order[0]?.input).toEqual(["v0"]);
    expect(order.at(-1)?.output).toEqual([`v${length}`]);
  });

  test("every node of any acyclic graph comes after what it needs, in any order of the file", () => {
    const dag = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(dag, fc.infiniteStream(fc.nat()), (needs, random) => {
        const nodes = needs.map((list, i) =>
          makeNode(
            "N",
            list.map((n) => `v${n % (i + 1)}`),
            [`v${i + 1}`],
          ),
        );
        const shuffled = nodes
          .map((n) => ({ n, key: random.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key);
        const order = topologicalOrder(create(GraphProtoSchema, { node: shuffled.map(({ n }) => n) }));
        expect(new Set(order)).toEqual(new Set(nodes));
        const seen = new Set(["v0"]);
        for (const n of order) {
          for (const name of n.input) expect(seen.has(name)).toBe(true);
          for (const name of n.output) seen.add(name);
        }
      }),
    );
  });
});

/** The index of an edited graph is that of a graph read anew. */
function consistent(edited: Graph): void {
  const anew = new Graph(edited.proto);
  const names = new Set(mentioned(edited.proto));
  for (const name of names) {
    expect(edited.producer(name), name).toBe(anew.producer(name));
    const list = (g: Graph) =>
      g
        .consumers(name)
        .map((use) => `${use.node.opType} ${use.owner.name} ${use.slot}`)
        .sort();
    expect(list(edited), name).toEqual(list(anew));
  }
}

function* mentioned(proto: GraphProto): Generator<string> {
  for (const n of proto.node) {
    yield* n.input;
    yield* n.output;
    for (const inner of subgraphsOf(n)) yield* mentioned(inner);
  }
}
