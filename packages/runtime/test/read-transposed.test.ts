/** Products of transposed operands, against the sums that they are, and the kernels that are left of them. */
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession } from "../src/index.ts";

type Feeds = Readonly<Record<string, HostTensor>>;

function model(feeds: Feeds, nodes: readonly NodeProto[], outputs: readonly string[]): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "products",
      input: Object.entries(feeds).map(([name, { dtype, shape }]) => makeValueInfo(name, dtype, [...shape])),
      output: outputs.map((name) => makeValueInfo(name, "float32")),
      node: [...nodes],
    }),
  });
}

async function run(feeds: Feeds, nodes: readonly NodeProto[], outputs: readonly string[] = ["y"]) {
  await using backend = await open();
  await using session = await createSession(model(feeds, nodes, outputs), { backend });
  const results = await session.run(feeds);
  const kernels = session.plan?.rows.map(({ kernel }) => kernel.split(" ")[0]) ?? [];
  return { results, kernels };
}

const counting = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensor(
    "float32",
    shape,
    Array.from({ length: count }, (_, i) => ((i * 7) % 11) - 5),
  );
};
const transpose = (from: string, to: string, ...perm: number[]) =>
  makeNode("Transpose", [from], [to], { name: to, attributes: { perm: perm.map(BigInt) } });
const matmul = (a: string, b: string, y = "y") => makeNode("MatMul", [a, b], [y], { name: y });

/** The sums over k of a(i, k) * b(k, j). */
function sums(
  m: number,
  k: number,
  n: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
) {
  return Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let c = 0; c < k; c++) sum += a(Math.floor(at / n), c) * b(c, at % n);
    return sum;
  });
}

describe("a product reads what was transposed where it lies", () => {
  const [a, b, at, bt] = [counting(2, 3), counting(3, 4), counting(3, 2), counting(4, 3)];
  const [x, y, xt, yt] = [a, b, at, bt].map((t) => valuesOf(t));
  const plainA = (i: number, k: number) => x![i * 3 + k]!;
  const plainB = (k: number, j: number) => y![k * 4 + j]!;
  const turnedA = (i: number, k: number) => xt![k * 2 + i]!;
  const turnedB = (k: number, j: number) => yt![j * 3 + k]!;

  test.each([
    ["on the left", { a: at, b }, [transpose("a", "t", 1, 0), matmul("t", "b")], turnedA, plainB],
    ["on the right", { a, b: bt }, [transpose("b", "t", 1, 0), matmul("a", "t")], plainA, turnedB],
    [
      "on both sides",
      { a: at, b: bt },
      [transpose("a", "s", 1, 0), transpose("b", "t", 1, 0), matmul("s", "t")],
      turnedA,
      turnedB,
    ],
    [
      "of a Gemm that transposes it back",
      { a, b },
      [
        transpose("a", "t", 1, 0),
        makeNode("Gemm", ["t", "b"], ["y"], { name: "y", attributes: { transA: 1n } }),
      ],
      plainA,
      plainB,
    ],
  ] as const)("%s", async (_, feeds, nodes, left, right) => {
    const { results, kernels } = await run(feeds, nodes);
    expect(kernels).toEqual(["matmul"]);
    expect(results.y?.shape).toEqual([2, 4]);
    expect(Array.from(valuesOf(results.y!))).toEqual(sums(2, 3, 4, left, right));
  });

  test("in batches, whose own axes stay where they are", async () => {
    const feeds = { a: counting(2, 2, 3), b: counting(2, 4, 3) };
    const { results, kernels } = await run(feeds, [transpose("b", "t", 0, 2, 1), matmul("a", "t")]);
    expect(kernels).toEqual(["matmul"]);
    const [p, q] = [valuesOf(feeds.a), valuesOf(feeds.b)];
    const expected = [0, 1].flatMap((batch) =>
      sums(
        2,
        3,
        4,
        (i, k) => p[batch * 6 + i * 3 + k]!,
        (k, j) => q[batch * 12 + j * 3 + k]!,
      ),
    );
    expect(Array.from(valuesOf(results.y!))).toEqual(expected);
  });
});

describe("a transpose stays", () => {
  test("where others read it, too", async () => {
    const feeds = { a: counting(3, 2), b: counting(3, 4) };
    const nodes = [transpose("a", "t", 1, 0), matmul("t", "b")];
    const { results, kernels } = await run(feeds, nodes, ["y", "t"]);
    expect(kernels).toEqual(["transpose", "matmul"]);
    expect(results.t?.shape).toEqual([2, 3]);
  });

  test("that moves other axes", async () => {
    const feeds = { a: counting(2, 3, 4), b: counting(4, 2) };
    const { kernels } = await run(feeds, [transpose("a", "t", 1, 0, 2), matmul("t", "b")]);
    expect(kernels).toEqual(["transpose", "matmul"]);
  });

  test("whose elements are multiplied under another shape", async () => {
    const feeds = { a: counting(2, 6), b: counting(3, 2) };
    const shape = makeNode("Constant", [], ["shape"], { attributes: { value_ints: [4n, 3n] } });
    const reshape = makeNode("Reshape", ["t", "shape"], ["r"], { name: "r" });
    const { results, kernels } = await run(feeds, [
      shape,
      transpose("a", "t", 1, 0),
      reshape,
      matmul("r", "b"),
    ]);
    expect(kernels).toEqual(["transpose", "matmul"]);
    const [p, q] = [valuesOf(feeds.a), valuesOf(feeds.b)];
    // Element i of the transposed [6, 2] is element [i % 2, i / 2] of [2, 6].
    const element = (i: number) => p[(i % 2) * 6 + Math.floor(i / 2)]!;
    expect(Array.from(valuesOf(results.y!))).toEqual(
      sums(
        4,
        3,
        2,
        (i, k) => element(i * 3 + k),
        (k, j) => q[k * 2 + j]!,
      ),
    );
  });
});

test.each(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"])(
  "%s over axes of length 1 is no kernel",
  async (opType) => {
    const feeds = { x: counting(1, 3, 1), z: counting(3) };
    const axes = makeNode("Constant", [], ["axes"], { attributes: { value_ints: [0n, -1n] } });
    const nodes = (keepdims: bigint) => [
      axes,
      makeNode(opType, ["x", "axes"], ["r"], { name: "r", attributes: { keepdims } }),
      makeNode("Add", ["r", "z"], ["y"], { name: "y" }),
    ];
    const doubled = Array.from(valuesOf(feeds.z), (value) => 2 * value);
    const flat = await run(feeds, nodes(0n));
    expect(flat.kernels).toEqual(["binary"]);
    expect(Array.from(valuesOf(flat.results.y!))).toEqual(doubled);
    expect((await run(feeds, nodes(1n))).results.y?.shape).toEqual([1, 3, 3]);
  },
);

test("ReduceL1 of one element is its absolute value", async () => {
  const feeds = { x: tensor("float32", [2, 1], [-3, 4]) };
  const axes = makeNode("Constant", [], ["axes"], { attributes: { value_ints: [1n] } });
  const { results } = await run(feeds, [axes, makeNode("ReduceL1", ["x", "axes"], ["y"], { name: "y" })]);
  expect(Array.from(valuesOf(results.y!))).toEqual([3, 4]);
});
