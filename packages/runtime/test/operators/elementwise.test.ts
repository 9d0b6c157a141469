/** Elementwise operators: what operator sets and formats change, by hand. */
import { type DType, type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { runOneNode } from "../support/one-node.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

interface Options {
  readonly attributes?: Attributes;
  readonly opset?: number;
  readonly constants?: readonly number[];
  readonly output?: DType;
}

/** The numbers of the first output. */
async function run(opType: string, inputs: readonly (HostTensor | undefined)[], options: Options = {}) {
  const { output = inputs[0]?.dtype ?? "float32", ...rest } = options;
  const { y0 } = await runOneNode({ opType, inputs, outputs: [output], ...rest });
  if (y0 === undefined) return [];
  const values: (number | bigint)[] = y0.data instanceof BigInt64Array ? [...y0.data] : [...valuesOf(y0)];
  return values;
}

const floats = (...values: number[]) => tensor("float32", [values.length], values);
const ints = (...values: number[]) => tensor("int32", [values.length], values);
const longs = (...values: bigint[]) => tensor("int64", [values.length], values);

describe("Clip", () => {
  const x = floats(-9, -1, 0, 5, 9);
  test("has its bounds in attributes before opset 11", async () => {
    expect(await run("Clip", [x], { opset: 6, attributes: { min: -2, max: 4 } })).toEqual([-2, -1, 0, 4, 4]);
    expect(await run("Clip", [x], { opset: 6 })).toEqual([-9, -1, 0, 5, 9]);
  });
  test.each([[[]], [[1, 2]]])("has its bounds in inputs, constants: %s", async (constants) => {
    const bounds = [scalar("float32", -2), scalar("float32", 4)];
    expect(await run("Clip", [x, ...bounds], { constants })).toEqual([-2, -1, 0, 4, 4]);
    expect(await run("Clip", [x, undefined, bounds[1]], { constants: constants.slice(1) })).toEqual([
      -9, -1, 0, 4, 4,
    ]);
    // Where min is above max, max wins.
    expect(await run("Clip", [x, bounds[1], bounds[0]], { constants })).toEqual([-2, -2, -2, -2, -2]);
  });
  test("of 64-bit integers beyond the doubles", async () => {
    const far = 2n ** 60n;
    const bounds = [scalar("int64", -far - 1n), scalar("int64", far + 1n)];
    const y = await run("Clip", [longs(far + 2n, far, -far - 2n), ...bounds], { constants: [1, 2] });
    expect(y).toEqual([far + 1n, far, -far - 1n]);
  });
});

describe("Pow", () => {
  test("of a base and an exponent of different formats has the format of the base", async () => {
    expect(await run("Pow", [floats(2, 3), ints(3, -1)])).toEqual([8, Math.fround(1 / 3)]);
    expect(await run("Pow", [ints(2, 3, 9), floats(3, 2, 0.5)])).toEqual([8, 9, 3]);
    expect(await run("Pow", [ints(-2, 7), longs(31n, 2n)])).toEqual([-(2 ** 31), 49]);
    expect(await run("Pow", [longs(3n, 10n), ints(39, 18)])).toEqual([3n ** 39n, 10n ** 18n]);
  });
});

describe("BitShift", () => {
  const signed = (...values: number[]) => tensor("int8", [values.length], values);
  test("leaves the sign of a signed number where the shift is too wide or negative", async () => {
    const inputs = [signed(-128, -3, 3, -3, 3, -64), signed(1, 8, 8, -1, -1, 3)];
    expect(await run("BitShift", inputs, { opset: 28, attributes: { direction: "RIGHT" } })).toEqual([
      -64, -1, 0, -1, 0, -8,
    ]);
    expect(await run("BitShift", inputs, { opset: 28, attributes: { direction: "LEFT" } })).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
  });
  test("of 64 bits", async () => {
    const attributes = { direction: "RIGHT" };
    expect(
      await run("BitShift", [longs(-8n, -8n, 8n), longs(1n, 64n, -1n)], { opset: 28, attributes }),
    ).toEqual([-4n, -1n, 0n]);
  });
  test("must go left or right", async () => {
    const running = run("BitShift", [signed(1), signed(1)], { opset: 28, attributes: { direction: "UP" } });
    await expect(running).rejects.toMatchObject({ code: "NODE", opType: "BitShift" });
  });
});

describe("IsInf", () => {
  const x = tensor(
    "float64",
    [5],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e300, -1e300],
  );
  test.each([
    [1n, 1n, [1, 1, 0, 0, 0]],
    [1n, 0n, [1, 0, 0, 0, 0]],
    [0n, 1n, [0, 1, 0, 0, 0]],
    [0n, 0n, [0, 0, 0, 0, 0]],
  ])("detect_positive %s, detect_negative %s", async (positive, negative, expected) => {
    const attributes = { detect_positive: positive, detect_negative: negative };
    expect(await run("IsInf", [x], { attributes, output: "bool" })).toEqual(expected);
  });
  test("and IsNaN of float8", async () => {
    const small = tensor("float8_e5m2", [3], new Uint8Array([0x7c, 0xfc, 0x7e]));
    expect(await run("IsInf", [small], { output: "bool" })).toEqual([1, 1, 0]);
    expect(await run("IsNaN", [small], { output: "bool" })).toEqual([0, 0, 1]);
  });
});

describe("functions that kernels have of floats", () => {
  test("work on integers, too", async () => {
    expect(await run("Shrink", [ints(-3, -1, 0, 1, 3)], { attributes: { lambd: 1.5, bias: 1 } })).toEqual([
      -2, 0, 0, 0, 2,
    ]);
    expect(await run("Erf", [ints(-9, 0, 9)], { opset: 13 })).toEqual([-1, 0, 1]);
  });
});

describe("any number of inputs", () => {
  test("are folded with broadcasting", async () => {
    const parts = [floats(1, 2, 3), tensor("float32", [2, 1], [10, 20]), scalar("float32", 6)];
    expect(await run("Sum", parts)).toEqual([17, 18, 19, 27, 28, 29]);
    expect(await run("Max", parts)).toEqual([10, 10, 10, 20, 20, 20]);
    expect(await run("Min", parts)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(await run("Mean", [floats(1, 2), floats(3, 6)])).toEqual([2, 4]);
    expect(await run("Mean", [floats(1, 2)])).toEqual([1, 2]);
  });
});

describe("Dropout", () => {
  const x = floats(1, 2, 3, 4);
  test.each([7, 10, 13])("does nothing at inference, opset %s", async (opset) => {
    const mask = opset < 10 ? "float32" : "bool";
    const { y0, y1 } = await runOneNode({
      opType: "Dropout",
      opset,
      inputs: [x],
      outputs: ["float32", mask],
    });
    expect(y0).toEqual(x);
    expect(y1).toEqual(tensor(mask, [4], [1, 1, 1, 1]));
  });
  // numpy: RandomState(0).uniform(size=4) >= 0.5 is [T, T, T, T], RandomState(7): [F, T, F, T].
  test.each([
    [0n, [1, 1, 1, 1]],
    [7n, [0, 1, 0, 1]],
  ])("drops what numpy's generator says while training, seed %s", async (seed, kept) => {
    const inputs = [x, scalar("float32", 0.5), scalar("bool", 1)];
    const node = { opType: "Dropout", inputs, attributes: { seed }, outputs: ["float32", "bool"] } as const;
    const { y0, y1 } = await runOneNode(node);
    expect(y0).toEqual(floats(...[1, 2, 3, 4].map((value, i) => value * 2 * kept[i]!)));
    expect(y1).toEqual(tensor("bool", [4], kept));
  });
  test("needs a seed while training", async () => {
    const running = run("Dropout", [x, scalar("float32", 0.5), scalar("bool", 1)]);
    await expect(running).rejects.toMatchObject({ code: "NODE", opType: "Dropout" });
  });
});

describe("casts", () => {
  test("of floats to integers of 4 bits wrap as ONNX's tests have it", async () => {
    const attributes = { to: 22n };
    expect(
      await run("Cast", [floats(-9, -8, 7.9, 8, 17)], { opset: 21, attributes, output: "int4" }),
    ).toEqual([7, -8, 7, -8, 1]);
  });
  test("to float8 saturate or not", async () => {
    const x = floats(1000, -1000);
    const to = { to: 17n };
    expect(await run("Cast", [x], { attributes: to, output: "float8_e4m3fn" })).toEqual([448, -448]);
    const attributes = { ...to, saturate: 0n };
    expect(await run("Cast", [x], { attributes, output: "float8_e4m3fn" })).toEqual([Number.NaN, Number.NaN]);
  });
  test("of bits keep them", async () => {
    expect(
      await run("BitCast", [floats(1, -0)], { opset: 26, attributes: { to: 6n }, output: "int32" }),
    ).toEqual([0x3f800000, -(2 ** 31)]);
    const running = run("BitCast", [floats(1)], { opset: 26, attributes: { to: 7n }, output: "int64" });
    await expect(running).rejects.toMatchObject({ code: "NODE" });
  });
});

test("broadcasting by attributes, before opset 7, is refused", async () => {
  const running = run("Add", [floats(1, 2), floats(1)], { opset: 6, attributes: { broadcast: 1n } });
  await expect(running).rejects.toThrow(/convert the model to opset 7/);
});
