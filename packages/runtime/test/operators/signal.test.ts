/** Fourier transforms against their definition, windows and the mel scale against what they are for. */
import { scalar, tensor, valuesOf } from "@bitbudget/core";
import { expect, test } from "vitest";
import { runOneNode } from "../support/one-node.ts";
import { randomFloats } from "../support/random.ts";

async function dft(
  x: ReturnType<typeof tensor>,
  attributes: Record<string, bigint>,
  length?: number,
  axis?: number,
) {
  const given = (value: number | undefined) => (value === undefined ? undefined : scalar("int64", value));
  const inputs = [x, given(length), given(axis)];
  const { y0 } = await runOneNode({ opType: "DFT", opset: 20, inputs, attributes, outputs: ["float64"] });
  if (y0 === undefined) throw new Error("there is no result");
  return y0;
}

test.each([1, 2, 3, 4, 5, 7, 8, 12, 30, 49, 64])("DFT of length %i", async (length) => {
  const values = Float64Array.from(valuesOf(randomFloats([length, 2], length)));
  const y = await dft(tensor("float64", [1, length, 2], values), {});
  for (let k = 0; k < length; k++) {
    let [re, im] = [0, 0];
    for (let n = 0; n < length; n++) {
      const angle = (-2 * Math.PI * k * n) / length;
      const [a = 0, b = 0] = [values[2 * n], values[2 * n + 1]];
      re += a * Math.cos(angle) - b * Math.sin(angle);
      im += a * Math.sin(angle) + b * Math.cos(angle);
    }
    expect(valuesOf(y)[2 * k]).toBeCloseTo(re, 10);
    expect(valuesOf(y)[2 * k + 1]).toBeCloseTo(im, 10);
  }
});

test.each([6, 7])("of one side the whole real signal comes back, length %i", async (length) => {
  const signal = tensor(
    "float64",
    [2, length, 3, 1],
    Float64Array.from(valuesOf(randomFloats([2 * length * 3], 1))),
  );
  const spectrum = await dft(signal, { onesided: 1n }, undefined, 1);
  expect(spectrum.shape).toEqual([2, Math.floor(length / 2) + 1, 3, 2]);
  const back = await dft(spectrum, { onesided: 1n, inverse: 1n }, length, -3);
  expect(back.shape).toEqual(signal.shape);
  for (const [i, value] of valuesOf(signal).entries()) expect(valuesOf(back)[i]).toBeCloseTo(value, 10);
});

test("DFT cuts or pads to its length, and takes its axis from an attribute before opset 20", async () => {
  const x = tensor("float64", [1, 3, 1], [1, 2, 4]);
  expect([...valuesOf(await dft(x, {}, 1))]).toEqual([1, 0]);
  expect((await dft(x, {}, 4)).shape).toEqual([1, 4, 2]);
  const old = await runOneNode({
    opType: "DFT",
    opset: 17,
    inputs: [x],
    attributes: { axis: 1n },
    outputs: ["float64"],
  });
  expect(old.y0).toEqual(await dft(x, {}));
});

test("STFT transforms windowed frames", async () => {
  const signal = tensor("float32", [1, 5, 1], [1, 2, 3, 4, 5]);
  const inputs = [signal, scalar("int64", 2), tensor("float32", [2], [1, 0.5])];
  const { y0 } = await runOneNode({ opType: "STFT", opset: 17, inputs, outputs: ["float32"] });
  expect(y0?.shape).toEqual([1, 2, 2, 2]);
  for (const [i, value] of [2, 0, 0, 0, 5, 0, 1, 0].entries())
    expect(y0 && valuesOf(y0)[i]).toBeCloseTo(value, 6);
  const long = [signal, scalar("int64", 1), undefined, scalar("int64", 6)];
  await expect(runOneNode({ opType: "STFT", opset: 17, inputs: long, outputs: ["float32"] })).rejects.toThrow(
    /frames of 6/,
  );
});

test.each(["HannWindow", "HammingWindow", "BlackmanWindow"])(
  "%s is even, and periodic ones lack the last point",
  async (opType) => {
    const window = async (size: number, periodic: bigint) => {
      const { y0 } = await runOneNode({
        opType,
        inputs: [scalar("int32", size)],
        attributes: { periodic, output_datatype: 11n },
        outputs: ["float64"],
      });
      return y0 === undefined ? [] : [...valuesOf(y0)];
    };
    const symmetric = await window(9, 0n);
    expect(symmetric[4]).toBeCloseTo(1, 12);
    for (let i = 0; i < 9; i++) expect(symmetric[i]).toBeCloseTo(symmetric[8 - i] ?? Number.NaN, 12);
    for (const [i, value] of (await window(8, 1n)).entries())
      expect(value).toBeCloseTo(symmetric[i] ?? Number.NaN, 12);
  },
);

test("MelWeightMatrix: triangles that rise to 1 and fall where the next one rises", async () => {
  const inputs = [4, 64, 8000].map((value) => scalar("int64", value));
  const edges = [0, 3000].map((value) => scalar("float32", value));
  const { y0 } = await runOneNode({
    opType: "MelWeightMatrix",
    inputs: [...inputs, ...edges],
    outputs: ["float32"],
  });
  expect(y0?.shape).toEqual([33, 4]);
  const weights = y0 === undefined ? [] : [...valuesOf(y0)];
  const band = (k: number) => weights.filter((_, i) => i % 4 === k);
  const peaks = [0, 1, 2, 3].map((k) => band(k).indexOf(1));
  expect([...peaks].sort((a, b) => a - b)).toEqual(peaks);
  for (let k = 0; k < 3; k++)
    for (let bin = peaks[k]!; bin <= peaks[k + 1]!; bin++)
      expect(weights[bin * 4 + k]! + weights[bin * 4 + k + 1]!).toBeCloseTo(1, 6);
});
