import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import {
  entropy,
  minMax,
  movingAverage,
  mse,
  NoDataError,
  type Observer,
  percentile,
  tensor,
} from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { createSession, FeedError } from "@bitbudget/runtime";
import type { Batch } from "@bitbudget/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  activationsOf,
  CalibrationError,
  calibrate,
  type ObservedCalibration,
  QuantizeError,
  type RangeMethod,
} from "../../src/index.ts";
import { batch, imageBatches, model, network, noise } from "./models.ts";

let js: Backend;
beforeAll(async () => {
  js = await openJs();
});
afterAll(() => js.dispose());

/** The values of a name over all batches, as the model has them. */
async function captured(backend: Backend, batches: readonly Batch[], name: string): Promise<Float32Array[]> {
  await using session = await createSession(network(), { backend });
  const values: Float32Array[] = [];
  for (const { feeds } of batches) {
    const value = { ...feeds, ...(await session.run(feeds, { capture: [name] })) }[name];
    if (!(value?.data instanceof Float32Array)) throw new Error(`no floats for ${name}`);
    values.push(value.data);
  }
  return values;
}

const formats = [
  { dtype: "int8", symmetric: true },
  { dtype: "uint8", symmetric: false },
  { dtype: "uint4", symmetric: false },
] as const;

function observer(method: RangeMethod, format: (typeof formats)[number]): Observer {
  if (method === "min-max") return minMax();
  if (method === "moving-average") return movingAverage();
  if (method === "mse") return mse(format);
  if (method === "entropy") return entropy(format);
  return percentile({ percent: method.percentile });
}

const methods: RangeMethod[] = [
  ...(["min-max", "moving-average", "mse", "entropy"] as const),
  ...[{ percentile: 99 }, { percentile: 99.9 }],
];

describe.each([
  ["js", openJs],
  ["wasm", () => openWasm({ threads: 2 })],
] as const)("on %s", (_, open) => {
  test("one pass answers every method and format as its observer does, however many runs it takes", async () => {
    await using backend = await open();
    const batches = imageBatches(4);
    // All at once; a run for each value.
    const all = [
      await calibrate(network(), batches, { backend }),
      await calibrate(network(), batches, { backend, memory: 1 }),
    ];
    for (const name of ["x", "c", "r", "p", "f", "y"]) {
      const values = await captured(backend, batches, name);
      for (const method of methods) {
        for (const format of formats) {
          const watching = observer(method, format);
          for (const each of values) watching.observe(each);
          for (const calibration of all)
            expect(calibration.value(name).range(method, format)).toEqual(watching.range());
        }
      }
    }
  });
});

describe("what is observed", () => {
  test("all floats of the main graph, in their order, and how many samples there were", async () => {
    expect(activationsOf(network())).toEqual(["x", "c", "r", "p", "f", "y"]);
    const { names, samples } = await calibrate(network(), imageBatches(3, 5), { backend: js });
    expect([names, samples]).toEqual([["x", "c", "r", "p", "f", "y"], 15]);
  });

  test("no integers, no constants", async () => {
    const sizes = model(
      ["N", 3],
      [
        makeNode("Shape", ["x"], ["s"]),
        makeNode("Constant", [], ["one"], { attributes: { value_float: 1 } }),
        makeNode("Add", ["x", "one"], ["a"]),
        makeNode("Reshape", ["a", "s"], ["y"]),
      ],
    );
    expect(activationsOf(sizes)).toEqual(["x", "a", "y"]);
    await expect(
      calibrate(sizes, [batch([1, 3], [1, 2, 3])], { backend: js, values: ["s"] }),
    ).rejects.toThrow(/"s" is int64/);
  });

  test("values that are asked for alone", async () => {
    const calibration = await calibrate(network(), imageBatches(1), { backend: js, values: ["f", "c"] });
    expect(calibration.names).toEqual(["c", "f"]);
    expect(() => calibration.value("r")).toThrow(QuantizeError);
  });

  test("half precision, as the numbers that it stands for", async () => {
    const half = model(
      ["N", 2],
      [
        makeNode("Cast", ["x"], ["h"], { attributes: { to: 10n } }),
        makeNode("Cast", ["h"], ["y"], { attributes: { to: 1n } }),
      ],
    );
    const calibration = await calibrate(half, [batch([1, 2], [0.1, -3])], { backend: js });
    const { min, max } = calibration.value("h").range("min-max", { dtype: "int8", symmetric: true });
    // The float16 nearest to 0.1.
    expect([min, max]).toEqual([-3, 0.0999755859375]);
  });

  test("a value without elements has no range", async () => {
    const calibration = await calibrate(network(), [batch([0, 2, 6, 6], [])], { backend: js, values: ["x"] });
    const value = calibration.value("x");
    expect(value.count).toBe(0);
    expect(() => value.range("min-max", { dtype: "int8", symmetric: true })).toThrow(NoDataError);
  });
});

describe("channels", () => {
  /** From the definition. */
  function naive(values: readonly Float32Array[], channels: number, inner: number) {
    const of = Array.from({ length: channels }, (_, c) =>
      values.flatMap((each) => [...each].filter((_, i) => Math.floor(i / inner) % channels === c)),
    );
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    return {
      count: of[0]?.length,
      min: of.map((list) => Math.min(...list)),
      max: of.map((list) => Math.max(...list)),
      mean: of.map(mean),
      meanSquare: of.map((list) => mean(list.map((x) => x * x))),
    };
  }

  test.each([
    ["x", 2, 36, 1],
    ["c", 4, 36, 1],
    ["r", 4, 36, 1],
    ["f", 4, 1, -1],
    ["y", 3, 1, -1],
  ] as const)("of %s: %i of them", async (name, size, inner, axis) => {
    const batches = imageBatches(3);
    const { channels } = (await calibrate(network(), batches, { backend: js })).value(name);
    const expected = naive(await captured(js, batches, name), size, inner);
    expect([channels?.axis, channels?.count]).toEqual([axis, expected.count]);
    expect([[...channels!.min], [...channels!.max]]).toEqual([expected.min, expected.max]);
    for (const key of ["mean", "meanSquare"] as const) {
      const found = channels?.[key] ?? [];
      expect(found.length).toBe(size);
      for (const [c, x] of expected[key].entries()) expect(found[c]).toBeCloseTo(x, 5);
    }
  });

  test("of three axes: those of who reads the value", async () => {
    const matrices = model(["N", "T", 4], [makeNode("MatMul", ["x", "w"], ["y"])], { w: noise([4, 2], 1) });
    const rows = await calibrate(matrices, [batch([1, 3, 4], [...Array(12).keys()])], { backend: js });
    expect(rows.value("x").channels).toMatchObject({ axis: -1, count: 3, min: Float32Array.of(0, 1, 2, 3) });
    const signals = model(["N", 3, "T"], [makeNode("Conv", ["x", "w"], ["y"])], { w: noise([2, 3, 2], 1) });
    const runs = await calibrate(signals, [batch([1, 3, 4], [...Array(12).keys()])], { backend: js });
    expect(runs.value("x").channels).toMatchObject({
      axis: 1,
      count: 4,
      mean: Float32Array.of(1.5, 5.5, 9.5),
    });
  });

  test("large tensors, which are looked at in stretches", async () => {
    const relu = model(["N", 3, 100, 100], [makeNode("Relu", ["x"], ["y"])]);
    const x = noise([2, 3, 100, 100], 5);
    const calibration = await calibrate(relu, [{ feeds: { x }, targets: {} }], { backend: js });
    const expected = naive([x.data], 3, 10_000);
    const { channels, histogram, count } = calibration.value("x");
    expect([...channels!.min, ...channels!.max]).toEqual([...expected.min, ...expected.max]);
    for (const c of [0, 1, 2]) expect(channels!.mean[c]).toBeCloseTo(expected.mean[c]!, 6);
    expect([count, histogram.counts.reduce((a, b) => a + b)]).toEqual([60_000, 60_000]);
  });

  test("none where their number changes, where there are no axes, or where nobody asks", async () => {
    const relu = model(["N", "C"], [makeNode("Relu", ["x"], ["r"]), makeNode("ReduceMax", ["r"], ["y"])]);
    const changing = [batch([1, 2], [1, 2]), batch([1, 3], [1, 2, -3]), batch([1, 2], [7, 2])];
    const calibration = await calibrate(relu, changing, { backend: js });
    expect(calibration.value("x").channels).toBeUndefined();
    expect(calibration.value("x").range("min-max", formats[0])).toEqual({ min: -3, max: 7 });
    const scalars = model(["N"], [makeNode("ReduceMax", ["x"], ["y"], { attributes: { keepdims: 0n } })]);
    const scalar = await calibrate(scalars, [batch([2], [1, 2])], { backend: js });
    expect(scalar.value("y").channels).toBeUndefined();
    const without = await calibrate(relu, [batch([1, 2], [1, 2])], { backend: js, channels: false });
    expect(without.value("x").channels).toBeUndefined();
  });
});

describe("a pass", () => {
  test("weighs batches by their order in the moving average", async () => {
    const relu = model(["N"], [makeNode("Neg", ["x"], ["y"])]);
    const batches = [batch([2], [0, 8]), batch([2], [4, 4]), batch([2], [-7, 15])];
    const calibration = await calibrate(relu, batches, { backend: js, momentum: 0.75 });
    // 0.75 * 0 + 0.25 * 4 = 1, 0.75 * 1 - 0.25 * 7 = -1; 0.75 * 8 + 0.25 * 4 = 7, 0.75 * 7 + 0.25 * 15 = 9.
    expect(calibration.value("x").range("moving-average", formats[0])).toEqual({ min: -1, max: 9 });
    expect(calibration.value("y").range("moving-average", formats[0])).toEqual({ min: -9, max: 1 });
  });

  test.each([
    [[1, -1], Number.NaN, 1],
    [[1, 0], Infinity, 1],
  ])("names the value, the batch and the place of %o -> %d", async (values, found, index) => {
    // log(-1) is NaN; 1 / 0 is infinite.
    const op = Number.isNaN(found) ? "Log" : "Reciprocal";
    const broken = model(["N"], [makeNode(op, ["x"], ["l"]), makeNode("Relu", ["l"], ["y"])]);
    const batches = [batch([2], [1, 2]), batch([2], values)];
    const failed = calibrate(broken, batches, { backend: js });
    await expect(failed).rejects.toThrow(CalibrationError);
    await expect(failed).rejects.toMatchObject({ value: "l", batch: 1, index, found });
  });

  test("tells how far it is, and ends when it is told to", async () => {
    const seen: unknown[] = [];
    const controller = new AbortController();
    const running = calibrate(network(), imageBatches(5, 3), {
      backend: js,
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.batches === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect(seen).toEqual([
      { samples: 3, batches: 1, length: undefined },
      { samples: 6, batches: 2, length: undefined },
    ]);
  });

  test("lets timers have their turn between batches", async () => {
    const controller = new AbortController();
    let batches = 0;
    const endless = {
      *[Symbol.iterator]() {
        // Enough to tell a hang from a pass that can be stopped.
        for (; batches < 20_000; batches++) yield batch([1], [batches]);
      },
    };
    setTimeout(() => controller.abort(new Error("enough")), 0);
    const relu = model(["N"], [makeNode("Relu", ["x"], ["y"])]);
    await expect(calibrate(relu, endless, { backend: js, signal: controller.signal })).rejects.toThrow(
      "enough",
    );
    expect(batches).toBeLessThan(20_000);
  });

  test("takes batches in any form that can be iterated over", async () => {
    async function* stream() {
      yield* imageBatches(2);
    }
    const source = { length: 2, epoch: () => imageBatches(2) };
    const results: ObservedCalibration[] = [];
    for (const batches of [imageBatches(2), stream(), source])
      results.push(await calibrate(network(), batches, { backend: js, values: ["y"] }));
    const [first, ...others] = results.map((each) => each.value("y").histogram);
    for (const other of others) expect(other).toEqual(first);
  });

  test("refuses what makes no sense", async () => {
    const options = { backend: js };
    await expect(calibrate(network(), [], options)).rejects.toThrow(/no batches/);
    await expect(calibrate(network(), [], { ...options, momentum: 1 })).rejects.toThrow(/momentum 1/);
    await expect(calibrate(network(), [], { ...options, memory: 0 })).rejects.toThrow(/memory/);
    await expect(calibrate(network(), [], { ...options, values: ["nothing"] })).rejects.toThrow(/"nothing"/);
    await expect(calibrate(network(), [batch([2], [1, 2])], options)).rejects.toThrow(FeedError);
    const other = { feeds: { z: tensor("float32", [1], [1]) }, targets: {} };
    await expect(calibrate(network(), [other], options)).rejects.toThrow(FeedError);
  });
});
