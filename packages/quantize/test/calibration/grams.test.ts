import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";
import { Graph, type ModelProto, makeNode, type NodeFields } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { type Batch, randomNumbers } from "@bitbudget/train";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gramGroups, gramJobs } from "../../src/calibration/gram-jobs.ts";
import { spread } from "../../src/calibration/grams.ts";
import {
  AssignmentError,
  CalibrationError,
  type GramOptions,
  inputGrams,
  type LayerInputs,
  layersOf,
  QuantizeError,
} from "../../src/index.ts";
import { batch, imageBatches, model, network, noise } from "./models.ts";

let js: Backend;
beforeAll(async () => {
  js = await openJs();
});
afterAll(() => js.dispose());

async function gramsOf(
  source: ModelProto,
  batches: readonly Batch[],
  options: Partial<GramOptions> = {},
): Promise<LayerInputs[]> {
  const found: LayerInputs[] = [];
  const layers = layersOf(Graph.of(source));
  for await (const each of inputGrams(source, layers, batches, { backend: js, rows: 1e4, ...options }))
    found.push(each);
  return found;
}

/** The mean of x y^T over rows, from its definition. */
function outer(xs: readonly (readonly number[])[], ys: readonly (readonly number[])[]): number[] {
  const size = xs[0]?.length ?? 0;
  return Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return xs.reduce((sum, x, row) => sum + x[i]! * ys[row]![j]!, 0) / xs.length;
  });
}

function expectNear(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [i, x] of expected.entries()) expect(Math.abs(found[i]! - x)).toBeLessThan(2e-6 * largest);
}

describe("convolutions", () => {
  /** A filter for each term of each group that picks this term out: its results are the rows. */
  function picking(groups: number, window: readonly number[]): HostTensor {
    const size = elementCount(window);
    const values = new Float32Array(groups * size * size);
    for (let i = 0; i < groups * size; i++) values[i * size + (i % size)] = 1;
    return tensor("float32", [groups * size, ...window], values);
  }

  async function rowsByPicking(
    x: HostTensor,
    groups: number,
    window: readonly number[],
    attributes: NodeFields["attributes"],
  ): Promise<number[][][]> {
    const nodes = [makeNode("Conv", ["x", "w"], ["y"], { attributes: { ...attributes } })];
    await using session = await createSession(model([...x.shape], nodes, { w: picking(groups, window) }), {
      backend: js,
    });
    const { y } = await session.run({ x });
    const size = elementCount(window);
    const [batches = 0, , ...spatial] = y?.shape ?? [];
    const area = elementCount(spatial);
    return Array.from({ length: groups }, (_, group) =>
      Array.from({ length: batches * area }, (_, at) =>
        Array.from({ length: size }, (_, i) =>
          Number(y?.data[(Math.floor(at / area) * groups * size + group * size + i) * area + (at % area)]),
        ),
      ),
    );
  }

  test.each([
    ["plain", [2, 3, 5, 4], 1, [3, 2, 2], {}],
    [
      "strides, dilations and pads",
      [2, 2, 9, 8],
      1,
      [2, 3, 2],
      { strides: [2n, 1n], dilations: [1n, 2n], pads: [1n, 0n, 2n, 1n] },
    ],
    ["groups", [1, 6, 5, 5], 3, [2, 3, 3], { pads: [1n, 1n, 1n, 1n] }],
    ["depthwise", [2, 4, 5, 5], 4, [1, 3, 3], { strides: [2n, 2n] }],
    ["SAME_UPPER", [1, 2, 6, 5], 1, [2, 3, 2], { auto_pad: "SAME_UPPER", strides: [2n, 2n] }],
    ["SAME_LOWER", [1, 2, 6, 5], 1, [2, 2, 3], { auto_pad: "SAME_LOWER", strides: [2n, 1n] }],
    ["VALID", [1, 2, 6, 5], 1, [2, 2, 3], { auto_pad: "VALID" }],
    ["one axis", [2, 3, 10], 1, [3, 4], { pads: [2n, 1n] }],
    ["three axes", [1, 2, 4, 3, 5], 2, [1, 2, 2, 3], { strides: [1n, 1n, 2n] }],
  ] as const)("%s: rows are what the filters see", async (_, shape, groups, window, given) => {
    const attributes = { ...given, group: BigInt(groups) };
    const outputs = 2 * groups;
    const source = model(["N", ...shape.slice(1)], [makeNode("Conv", ["x", "w"], ["y"], { attributes })], {
      w: noise([outputs, ...window], 9),
    });
    const xs = [noise(shape, 1), noise(shape, 2, 3)];
    const batches = xs.map((x) => ({ feeds: { x }, targets: {} }));
    const [found] = await gramsOf(source, batches);
    const { gram } = found!;
    const parts = await Promise.all(xs.map((x) => rowsByPicking(x, groups, window, attributes)));
    const size = elementCount(window);
    expect([gram.size, gram.groups]).toEqual([size, groups]);
    for (let group = 0; group < groups; group++) {
      const rows = parts.flatMap((part) => part[group] ?? []);
      expect(gram.rows).toBe(rows.length);
      expectNear(gram.values.subarray(group * size * size, (group + 1) * size * size), outer(rows, rows));
      const means = Array.from(
        { length: size },
        (_, i) => rows.reduce((a, row) => a + row[i]!, 0) / rows.length,
      );
      expectNear(gram.mean.subarray(group * size, (group + 1) * size), means);
    }
  });
});

describe("products", () => {
  // Rows (1, 2), (3, 4), (0, -1): sums of squares 10 and 21, of products 14.
  const values = [1, 2, 3, 4, 0, -1];
  const expected = [10 / 3, 14 / 3, 14 / 3, 7];
  const w = noise([2, 5], 3);
  const turned = noise([5, 2], 3);

  test.each([
    ["MatMul of a matrix", [3, 2], "MatMul", w, {}, values],
    ["MatMul of rank 3", [1, 3, 2], "MatMul", w, {}, values],
    ["MatMul of rank 4", [3, 1, 1, 2], "MatMul", w, {}, values],
    ["Gemm", [3, 2], "Gemm", w, {}, values],
    ["Gemm with transB", [3, 2], "Gemm", turned, { transB: 1n }, values],
    ["Gemm with transA", [2, 3], "Gemm", w, { transA: 1n }, [1, 3, 0, 2, 4, -1]],
  ] as const)("%s", async (_, shape, op, weight, attributes, x) => {
    const source = model([...shape], [makeNode(op, ["x", "w"], ["y"], { attributes })], { w: weight });
    const [found] = await gramsOf(source, [batch(shape, x)]);
    expect(found?.gram).toMatchObject({ rows: 3, size: 2, groups: 1 });
    expectNear(found!.gram.values, expected);
    expectNear(found!.gram.mean, [4 / 3, 5 / 3]);
  });

  test("of a vector, which is one row", async () => {
    const source = model([2], [makeNode("MatMul", ["x", "w"], ["y"])], { w });
    const [found] = await gramsOf(source, [batch([2], [1, -2]), batch([2], [3, 0])]);
    expect(found?.gram).toMatchObject({ rows: 2, values: Float64Array.of(5, -1, -1, 2) });
  });
});

describe("on every backend", () => {
  test.each([
    ["js", openJs],
    ["wasm", () => openWasm({ threads: 2 })],
  ] as const)("%s: the same within what float32 sums are exact to", async (_, open) => {
    await using backend = await open();
    const wanted = await gramsOf(network(), imageBatches(3));
    const found = await gramsOf(network(), imageBatches(3), { backend });
    for (const [i, { layer, gram }] of found.entries()) {
      expect(layer.name).toBe(wanted[i]?.layer.name);
      expectNear(gram.values, [...wanted[i]!.gram.values]);
    }
  });
});

describe("rows", () => {
  test("are chosen anew in each batch, by the seed alone", async () => {
    const run = (seed: number) => gramsOf(network(), imageBatches(3), { rows: 7, seed });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(first[0]?.gram.rows).toBe(21);
    expect(again[0]?.gram.values).toEqual(first[0]?.gram.values);
    expect(other[0]?.gram.values).not.toEqual(first[0]?.gram.values);
  });

  test("are one of each stretch, so that they are spread over samples and positions", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 600 }),
        fc.nat(),
        (count, limit, seed) => {
          const chosen = spread(count, limit, randomNumbers(seed));
          expect(chosen.length).toBe(Math.min(count, limit));
          for (const [i, at] of chosen.entries()) {
            expect(at).toBeGreaterThanOrEqual(Math.floor((i * count) / chosen.length));
            expect(at).toBeLessThan(((i + 1) * count) / chosen.length);
          }
        },
      ),
    );
  });

  test("stand for all: many samples of few give the mean of all", async () => {
    const x = noise([4, 2, 6, 6], 4);
    const same = Array.from({ length: 300 }, () => ({ feeds: { x }, targets: {} }));
    const [all] = await gramsOf(network(), same.slice(0, 1));
    const [some] = await gramsOf(network(), same, { rows: 5 });
    const [size, deviation] = [18, 1 / Math.sqrt(1500)];
    // Squares of this noise have a mean of 1/4, and a deviation of less than 1/3.
    for (let i = 0; i < size * size; i++)
      expect(Math.abs(some!.gram.values[i]! - all!.gram.values[i]!)).toBeLessThan(5 * deviation * 0.34);
  });
});

describe("memory", () => {
  const twoLayers = () =>
    model(
      ["N", 2, 6, 6],
      [
        makeNode("Conv", ["x", "a"], ["l"], { name: "left" }),
        makeNode("Conv", ["x", "b"], ["r"], { name: "right" }),
        makeNode("Concat", ["l", "r"], ["y"], { attributes: { axis: 1n } }),
      ],
      { a: noise([4, 2, 3, 3], 1), b: noise([3, 2, 3, 3], 2) },
    );

  test("of less, there are more passes, and the same results", async () => {
    const passes = new Set<string>();
    const onProgress: GramOptions["onProgress"] = ({ pass, passes: of }) => passes.add(`${pass} of ${of}`);
    const once = await gramsOf(network(), imageBatches(2), { rows: 8, onProgress });
    expect([...passes]).toEqual(["1 of 1"]);
    // The convolution keeps 8 * 18 * 18 bytes and passes 2 * 4 * 18 * 18 + 3 * 4 * 8 * 18 more: 6912. The product would keep
    // 128 more. Seven eighths of the memory are for them.
    const twice = await gramsOf(network(), imageBatches(2), { rows: 8, memory: 8_000, onProgress });
    expect([...passes].slice(1)).toEqual(["1 of 2", "2 of 2"]);
    for (const [i, { gram }] of twice.entries()) expect(gram).toEqual(once[i]?.gram);
  });

  test("of too little for one layer, an error says which and how much it takes", async () => {
    await expect(gramsOf(network(), imageBatches(1), { rows: 8, memory: 7_800 })).rejects.toThrow(
      /layer "conv" takes 6912 bytes/,
    );
  });

  test("suffices by default for the largest convolutions of a ResNet", () => {
    const layer = layersOf(
      Graph.of(
        model(["N", 512, 7, 7], [makeNode("Conv", ["x", "w"], ["y"])], {
          w: tensor("float32", [1, 512, 3, 3]),
        }),
      ),
    );
    const jobs = gramJobs(layer, ({ input }) => input);
    expect(gramGroups(jobs, { memory: (7 / 8) * 512 * 2 ** 20, rows: 1024, hasOther: false }).length).toBe(1);
  });

  test("is shared by layers that read the same rows, and by no others", async () => {
    const [left, right] = await gramsOf(twoLayers(), imageBatches(1));
    expect([left?.layer.name, right?.layer.name]).toEqual(["left", "right"]);
    expect(left?.gram.values).toBe(right?.gram.values);
    const strided = await gramsOf(
      model(
        ["N", 2, 6, 6],
        [
          makeNode("Conv", ["x", "a"], ["l"], { attributes: { strides: [3n, 3n] } }),
          makeNode("Conv", ["x", "b"], ["y"]),
        ],
        { a: noise([4, 2, 3, 3], 1), b: noise([3, 2, 3, 3], 2) },
      ),
      imageBatches(1),
    );
    expect(strided.map(({ gram }) => gram.rows)).toEqual([2 * 4, 2 * 16]);
  });
});

describe("another model", () => {
  const chain = (factor: number) => {
    const first = noise([3, 4], 1);
    const scaled = tensor(
      "float32",
      [3, 4],
      first.data.map((x) => x * factor),
    );
    return model(
      ["N", 3],
      [
        makeNode("MatMul", ["x", "a"], [factor === 1 ? "h" : "other"], { name: "first" }),
        makeNode("MatMul", [factor === 1 ? "h" : "other", "b"], ["y"], { name: "second" }),
      ],
      { a: scaled, b: noise([4, 2], 2) },
    );
  };

  test("has a Gram matrix of its own, and one with the first", async () => {
    const batches = [1, 2, 3].map((seed) => ({ feeds: { x: noise([20, 3], seed) }, targets: {} }));
    const other = {
      model: chain(2),
      input: ({ input }: { input: string }) => (input === "h" ? "other" : input),
    };
    // Rows are few, and the same ones in both.
    const [first, second] = await gramsOf(chain(1), batches, { rows: 11, other });
    expect(first?.other?.gram).toEqual(first?.gram);
    expectNear(first!.other!.cross, [...first!.gram.values]);
    expectNear(
      second!.other!.gram.values,
      [...second!.gram.values].map((x) => 4 * x),
    );
    expectNear(
      second!.other!.gram.mean,
      [...second!.gram.mean].map((x) => 2 * x),
    );
    expectNear(
      second!.other!.cross,
      [...second!.gram.values].map((x) => 2 * x),
    );
  });

  test("stands on the right of the products", async () => {
    const plain = model(["N", 2], [makeNode("MatMul", ["x", "w"], ["y"])], { w: noise([2, 2], 1) });
    const swapped = model(
      ["N", 2],
      [
        makeNode("Gather", ["x", "order"], ["s"], { attributes: { axis: 1n } }),
        makeNode("MatMul", ["s", "w"], ["y"]),
      ],
      { w: noise([2, 2], 1), order: tensor("int64", [2], BigInt64Array.of(1n, 0n)) },
    );
    const other = { model: swapped, input: () => "s" };
    const [found] = await gramsOf(plain, [batch([1, 2], [2, 3])], { other });
    // x = (2, 3) and y = (3, 2): x y^T.
    expect([...found!.other!.cross]).toEqual([6, 4, 9, 6]);
  });

  test("must have the same rows, and the values", async () => {
    const other = { model: chain(2) };
    const batches = [{ feeds: { x: noise([2, 3], 1) }, targets: {} }];
    await expect(gramsOf(chain(1), batches, { other })).rejects.toThrow(/no value "h"/);
    const wrong = { model: chain(1), input: () => "y" };
    await expect(gramsOf(chain(1), batches, { other: wrong })).rejects.toThrow(QuantizeError);
  });
});

describe("refuses", () => {
  test("layers without such inputs", async () => {
    const table = model(
      ["N"],
      [makeNode("Cast", ["x"], ["i"], { attributes: { to: 7n } }), makeNode("Gather", ["t", "i"], ["y"])],
      { t: noise([4, 3], 1) },
    );
    await expect(gramsOf(table, [batch([1], [1])])).rejects.toThrow(AssignmentError);
    const stack = model(["N", 2, 3], [makeNode("MatMul", ["x", "w"], ["y"])], { w: noise([2, 3, 4], 1) });
    await expect(gramsOf(stack, [batch([2, 2, 3], Array(12).fill(1))])).rejects.toThrow(AssignmentError);
  });

  test("no batches, no rows, NaN", async () => {
    await expect(gramsOf(network(), [])).rejects.toThrow(/no batches/);
    await expect(gramsOf(network(), [], { rows: 0 })).rejects.toThrow(/rows/);
    const x = noise([1, 2, 6, 6], 1);
    x.data[5] = Number.NaN;
    const failed = gramsOf(network(), [...imageBatches(1), { feeds: { x }, targets: {} }]);
    await expect(failed).rejects.toThrow(CalibrationError);
    await expect(failed).rejects.toMatchObject({ value: "x", batch: 1, index: 5 });
  });

  test("to go on when it is told to stop", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(gramsOf(network(), imageBatches(1), { signal: controller.signal })).rejects.toThrow(
      "enough",
    );
  });
});
