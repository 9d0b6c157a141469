/** The suite can fail: each defect planted in a kernel is caught, and named with the case and the place. */
import { kernels, open } from "@bitbudget/backend-js";
import { roundHalfEven, type Storage, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { describeFailures } from "../src/index.ts";
import { caseOf, failuresOf, plant, withKernel } from "./support/plants.ts";

const INT8 = "linear/static/by-hand";
const FLOAT = "linear/float/nan-and-infinity";

function bytes({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe("a kernel that computes something else", () => {
  test("one element off by one", async () => {
    const wrong = plant("linear", (run) => (inputs, outputs) => {
      run(inputs, outputs);
      bytes(outputs[0]!)[2]! += 1;
    });
    const [failure, ...others] = await failuresOf(wrong, INT8);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({
      kind: "mismatch",
      index: 2,
      mismatch: {
        index: 2,
        position: [1, 0],
        expected: -7,
        actual: -6,
        expectedBits: "0xf9",
        actualBits: "0xfa",
      },
    });
    const report = describeFailures(caseOf(INT8), failure === undefined ? [] : [failure], "./mine.js");
    expect(report).toContain(INT8);
    expect(report).toContain(
      "index 2 [1, 0] is -6 (0xfa) instead of -7 (0xf9), off by 1 where 0 is allowed; 1 of 4",
    );
    expect(report).toContain(`npx bitbudget-conformance check ./mine.js --case ${INT8} --verbose`);
  });

  test.each([
    ["NaN for infinity", Number.POSITIVE_INFINITY, Number.NaN, 2],
    ["infinity for NaN", Number.NaN, Number.POSITIVE_INFINITY, 0],
    ["the other infinity", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 4],
    ["a finite number for infinity", Number.POSITIVE_INFINITY, (2 - 2 ** -23) * 2 ** 127, 2],
    ["NaN for a number", 3, Number.NaN, 6],
  ])("%s", async (_, from, to, index) => {
    const wrong = plant("linear", (run) => (inputs, [output]) => {
      run(inputs, [output!]);
      if (!(output instanceof Float32Array)) return;
      for (const [i, x] of output.entries()) if (Object.is(x, from)) output[i] = to;
    });
    const failures = await failuresOf(wrong, FLOAT);
    expect(failures).toMatchObject([{ kind: "mismatch", index, mismatch: { expected: from, actual: to } }]);
  });

  test("a sum in half precision is caught, one in float32 and in another order passes", async () => {
    const rounded = (round: (x: number) => number) =>
      withKernel("matmul", [{ activation: "float32", output: "float32", arithmetic: "native" }], (spec) => {
        const [m = 0, k = 0] = spec.inputs[0]?.shape ?? [];
        const n = spec.inputs[1]?.shape[1] ?? 0;
        return ([a, b], [y]) => {
          if (!(a instanceof Float32Array && b instanceof Float32Array && y instanceof Float32Array)) return;
          for (let i = 0; i < m * n; i++) {
            let sum = 0;
            for (let j = k - 1; j >= 0; j--)
              sum = round(sum + round(a[Math.floor(i / n) * k + j]! * b[j * n + (i % n)]!));
            y[i] = sum;
          }
        };
      });
    expect(await failuresOf(rounded(Math.fround), "matmul/large/float32")).toEqual([]);
    const half = (x: number) => roundHalfEven(x * 1024) / 1024;
    expect(await failuresOf(rounded(half), "matmul/large/float32")).toMatchObject([{ kind: "mismatch" }]);
  });

  test("a chain with a reciprocal that is a few last places off passes, one that is far off is caught", async () => {
    // reciprocal(x) * 0.75 - x
    const off = (places: number) =>
      withKernel("elementwise", [{ activation: "float32", output: "float32", arithmetic: "native" }], () => {
        return ([x], [y]) => {
          if (!(x instanceof Float32Array && y instanceof Float32Array)) return;
          for (const [i, number] of x.entries())
            y[i] = Math.fround(Math.fround((1 / number) * (1 + places * 2 ** -23)) * 0.75) - number;
        };
      });
    expect(await failuresOf(off(1), "elementwise/unary/reciprocal")).toEqual([]);
    expect(await failuresOf(off(40), "elementwise/unary/reciprocal")).toMatchObject([{ kind: "mismatch" }]);
  });
});

describe("a recurrent kernel", () => {
  /** An lstm of 32 units whose every operation is rounded, sums from the last term to the first. */
  const lstm = (round: (x: number) => number, roundState = round) =>
    withKernel(
      "recurrent",
      [{ activation: "float32", weight: "float32", output: "float32", arithmetic: "native" }],
      ({ inputs }, { recurrence }) => {
        const [length = 0, batch = 0] = inputs[0]?.shape ?? [];
        const [n, r] = [32, Float64Array.from(recurrence === undefined ? [] : valuesOf(recurrence))];
        const sigmoid = (x: number) => round(1 / round(1 + round(Math.exp(-x))));
        return ([x, ...first], [y, ...last]) => {
          const states = first.map((state) => Float64Array.from(state, Number));
          for (let row = 0; row < length * batch; row++) {
            const [h = [], c = []] = states.map((state) =>
              state.subarray((row % batch) * n, (row % batch) * n + n),
            );
            const gates = Float64Array.from({ length: 4 * n }, (_, g) => {
              let sum = 0;
              for (let k = n - 1; k >= 0; k--) sum = round(sum + round(r[g * n + k]! * h[k]!));
              return round(sum + Number(x?.[row * 4 * n + g]));
            });
            for (let k = 0; k < n; k++) {
              const [i, o, f, g] = [0, n, 2 * n, 3 * n].map((from) => gates[from + k]!) as [
                number,
                number,
                number,
                number,
              ];
              c[k] = roundState(round(sigmoid(f) * c[k]!) + round(sigmoid(i) * round(Math.tanh(g))));
              h[k] = roundState(sigmoid(o) * round(Math.tanh(c[k]!)));
              if (y instanceof Float32Array) y[row * n + k] = h[k]!;
            }
          }
          for (const [i, state] of states.entries()) if (last[i] instanceof Float32Array) last[i].set(state);
        };
      },
    );
  const LONG = "recurrent/long/lstm";

  test("passes in float32", async () => {
    expect(await failuresOf(lstm(Math.fround), LONG)).toEqual([]);
  });

  test.each([
    ["in half precision", lstm((x) => roundHalfEven(x * 2 ** 11) / 2 ** 11)],
    ["with states in half precision", lstm(Math.fround, (x) => roundHalfEven(x * 2 ** 11) / 2 ** 11)],
  ])("is caught %s", async (_, wrong) => {
    expect(await failuresOf(wrong, LONG)).toMatchObject([{ kind: "mismatch" }]);
  });
});

describe("a kernel that misuses memory", () => {
  test.each([
    ["one byte before its output", -1, "1 bytes before output 0"],
    ["one byte after its output", 4, "0 bytes after the end of output 0"],
    ["past the end of a vector", 19, "15 bytes after the end of output 0"],
  ])("writes %s", async (_, offset, where) => {
    const stray = plant("linear", (run) => (inputs, outputs) => {
      run(inputs, outputs);
      const { buffer, byteOffset } = outputs[0]!;
      new Uint8Array(buffer)[byteOffset + offset] = 7;
    });
    const failures = await failuresOf(stray, INT8);
    expect(failures).toMatchObject([{ kind: "stray write", byteOffset: offset }]);
    expect(failures[0]?.message).toContain(where);
  });

  test("leaves an element as it was", async () => {
    const lazy = plant("linear", (run) => (inputs, outputs) => {
      const kept = bytes(outputs[0]!)[3];
      run(inputs, outputs);
      bytes(outputs[0]!)[3] = kept ?? 0;
    });
    const failures = await failuresOf(lazy, INT8);
    expect(failures).toContainEqual(
      expect.objectContaining({
        kind: "unwritten element",
        index: 3,
        message: "output 0 at index 3 [1, 1] was never written",
      }),
    );
  });

  test("leaves a packed element as it was", async () => {
    const lazy = plant("quantize", (run) => (inputs, outputs) => {
      const kept = bytes(outputs[0]!)[0] ?? 0;
      run(inputs, outputs);
      bytes(outputs[0]!)[0] = (bytes(outputs[0]!)[0]! & 0x0f) | (kept & 0xf0);
    });
    const failures = await failuresOf(lazy, "quantize/ties/int4");
    expect(failures).toContainEqual(expect.objectContaining({ kind: "unwritten element", index: 1 }));
  });

  test("leaves garbage in the unused bits of the last byte", async () => {
    const sloppy = plant("quantize", (run) => (inputs, outputs) => {
      run(inputs, outputs);
      const packed = bytes(outputs[0]!);
      packed[packed.length - 1]! |= 0xf0;
    });
    const failures = await failuresOf(sloppy, "quantize/ties/int4");
    expect(failures).toMatchObject([{ kind: "unused bits" }]);
  });

  test("adds to what was in its output", async () => {
    const adding = plant("linear", (run) => (inputs, outputs) => {
      const before = bytes(outputs[0]!).slice();
      run(inputs, outputs);
      for (const [i, byte] of before.entries()) bytes(outputs[0]!)[i]! += byte;
    });
    const kinds = (await failuresOf(adding, INT8)).map(({ kind }) => kind);
    expect(kinds).toEqual(["not repeatable", "mismatch"]);
  });

  test("changes its input", async () => {
    const vandal = plant("linear", (run) => (inputs, outputs) => {
      run(inputs, outputs);
      bytes(inputs[0]!)[1]! ^= 1;
    });
    expect(await failuresOf(vandal, INT8)).toMatchObject([
      { kind: "input changed", byteOffset: 1, message: expect.stringContaining("input 0 was changed") },
    ]);
  });

  test("reads from the start of the memory, whatever the offset of the view", async () => {
    const deaf = plant("linear", (run) => ([x], outputs) => {
      run([new Uint8Array(x!.buffer, 0, x!.length)], outputs);
    });
    const kinds = (await failuresOf(deaf, INT8)).map(({ kind }) => kind);
    expect(kinds).toContain("not repeatable");
  });

  test("keeps weights that are not its own", async () => {
    const { linear } = kernels;
    const borrowing = withKernel("linear", linear?.rows ?? [], (spec, weights) => {
      const { weight } = weights;
      return (inputs, outputs) => {
        // Prepared at the last moment, from memory that its caller has used for something else since.
        const late = linear?.prepare(undefined, spec, {
          ...weights,
          ...(weight === undefined ? {} : { weight }),
        });
        if (late !== undefined && !(late instanceof Promise)) late.run(inputs, outputs);
      };
    });
    expect(await failuresOf(borrowing, INT8)).toMatchObject([{ kind: "mismatch" }]);
  });

  test("throws", async () => {
    const broken = plant("linear", () => () => {
      throw new RangeError("out of bounds");
    });
    expect(await failuresOf(broken, INT8)).toMatchObject([
      { kind: "error", message: "threw RangeError: out of bounds" },
    ]);
  });
});

/** Requantization with one step done differently; each variant is right for most numbers. */
const variants: readonly (readonly [
  name: string,
  (sum: number, scale: number, zeroPoint: number) => number,
  string,
])[] = [
  [
    "rounds ties away from zero",
    (sum, scale, zeroPoint) => awayFromZero(float(float(sum) * scale)) + zeroPoint,
    "requantize/ties/int32-int8",
  ],
  [
    "rounds ties up",
    (sum, scale, zeroPoint) => Math.floor(float(float(sum) * scale) + 0.5) + zeroPoint,
    "requantize/ties/int32-int8",
  ],
  [
    "truncates",
    (sum, scale, zeroPoint) => Math.trunc(float(float(sum) * scale)) + zeroPoint,
    "requantize/ties/int32-int8",
  ],
  [
    "adds the zero point before it rounds",
    (sum, scale, zeroPoint) => roundHalfEven(float(float(sum) * scale) + zeroPoint),
    "requantize/ties/odd-zero-points",
  ],
  [
    "keeps the sum in double precision",
    (sum, scale, zeroPoint) => roundHalfEven(float(sum * scale)) + zeroPoint,
    "requantize/sum-in-float32",
  ],
  [
    "keeps the product in double precision",
    (sum, scale, zeroPoint) => roundHalfEven(float(sum) * scale) + zeroPoint,
    "requantize/product-in-float32",
  ],
];
const float = Math.fround;
const awayFromZero = (x: number) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

describe("requantization that", () => {
  test.each(variants)("%s", async (_, requantize, id) => {
    const wrong = withKernel("requantize", kernels.requantize?.rows ?? [], (spec, weights) => {
      const [scale = 0, inputZeroPoint = 0, zeroPoint = 0] = [
        weights.scale,
        weights.inputZeroPoint,
        weights.zeroPoint,
      ].map((weight) => (weight === undefined ? 0 : valuesOf(weight)[0]));
      const [min, max] = spec.attributes.dtype === "int8" ? [-128, 127] : [0, 255];
      return ([x], [y]) => {
        const codes = bytesOrInts(y!);
        for (const [i, sum] of bytesOrInts(x!).entries())
          codes[i] = Math.min(max, Math.max(min, requantize(sum - inputZeroPoint, scale, zeroPoint)));
      };
    });
    expect(await failuresOf(wrong, id)).toMatchObject([{ kind: "mismatch" }]);
  });
});

function bytesOrInts(storage: Storage): Int8Array | Uint8Array | Int32Array {
  if (storage instanceof Int8Array || storage instanceof Uint8Array || storage instanceof Int32Array)
    return storage;
  throw new Error("integers expected");
}

test("and backend-js itself has none of these defects", async () => {
  for (const id of [INT8, FLOAT, "quantize/ties/int4", ...variants.map(([, , name]) => name)])
    expect(await failuresOf(open, id)).toEqual([]);
});
