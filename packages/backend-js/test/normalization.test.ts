/** softmax, layerNorm and batchNorm: by hand, special values, and what their results must add up to. */
import {
  type BatchNormAttributes,
  definitionOf,
  type KernelSpec,
  type LayerNormAttributes,
  SpecError,
} from "@bitbudget/backend";
import { type DType, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers, expectSame } from "./compare.ts";
import { run } from "./run.ts";

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

async function softmax(x: HostTensor, axis = x.shape.length - 1, log = false): Promise<HostTensor> {
  const spec: KernelSpec<"softmax"> = { op: "softmax", inputs: [x], attributes: { axis, log } };
  const [y] = await run(spec, [x]);
  return y!;
}

describe("softmax", () => {
  test("by hand", async () => {
    // exp(0) : exp(ln 3) is 1 : 3.
    const x = tensor("float64", [2, 2], [0, Math.log(3), 5, 5]);
    for (const [i, y] of [0.25, 0.75, 0.5, 0.5].entries())
      expect(valuesOf(await softmax(x))[i]).toBeCloseTo(y, 15);
    // Along the other axis: 0 against 5, ln 3 against 5.
    const columns = valuesOf(await softmax(x, 0));
    expect(columns[0]).toBeCloseTo(1 / (1 + Math.exp(5)), 15);
    expect(columns[3]).toBeCloseTo(Math.exp(5) / (3 + Math.exp(5)), 15);
  });

  test("log-softmax keeps what softmax rounds to 0", async () => {
    expectSame(await softmax(tensor("float32", [2], [0, 1000])), tensor("float32", [2], [0, 1]));
    expectSame(await softmax(tensor("float32", [2], [0, 1000]), 0, true), tensor("float32", [2], [-1000, 0]));
  });

  test("infinities and NaN", async () => {
    const rows: readonly (readonly [readonly number[], readonly number[]])[] = [
      [
        [-inf, 0],
        [0, 1],
      ],
      [
        [-inf, -inf],
        [nan, nan],
      ],
      [
        [inf, 0],
        [nan, nan],
      ],
      [
        [nan, 0],
        [nan, nan],
      ],
      [
        [3e38, -3e38],
        [1, 0],
      ],
    ];
    for (const [x, y] of rows) expectNumbers(valuesOf(await softmax(tensor("float32", [2], x))), y);
    expectNumbers(valuesOf(await softmax(tensor("float32", [2], [-inf, 0]), 0, true)), [-inf, 0]);
  });

  test("sums to 1, is unmoved by a shift, and has log-softmax for its logarithm", async () => {
    const rows = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, async (row) => {
        const x = tensor("float64", [row.length], row);
        const y = Array.from(valuesOf(await softmax(x)));
        const shifted = valuesOf(
          await softmax(
            tensor(
              "float64",
              [row.length],
              row.map((number) => number + 64),
            ),
          ),
        );
        const logs = valuesOf(await softmax(x, 0, true));
        expect(y.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 13);
        for (const [i, p] of y.entries()) {
          expect(shifted[i]).toBeCloseTo(p, 12);
          expect(Math.exp(logs[i]!)).toBeCloseTo(p, 13);
        }
      }),
    );
  });

  test("of nothing is nothing", async () => {
    expectSame(await softmax(tensor("float16", [2, 0]), 1), tensor("float16", [2, 0]));
    expectSame(await softmax(tensor("bfloat16", [0, 2]), 1), tensor("bfloat16", [0, 2]));
  });
});

interface LayerNormCase {
  readonly x: HostTensor;
  readonly attributes: LayerNormAttributes;
  readonly scale?: readonly number[];
  readonly bias?: readonly number[];
}

async function layerNorm({ x, attributes, scale, bias }: LayerNormCase): Promise<HostTensor> {
  const shape = x.shape.slice(attributes.axis);
  const spec: KernelSpec<"layerNorm"> = {
    op: "layerNorm",
    inputs: [x],
    attributes: { ...attributes, bias: bias !== undefined },
  };
  const ones = new Array<number>(elementCount(shape)).fill(1);
  const [y] = await run(spec, [x], {
    scale: tensor("float32", shape, scale ?? ones),
    ...(bias && { bias: tensor("float32", shape, bias) }),
  });
  return y!;
}

describe("layerNorm", () => {
  test("by hand", async () => {
    // Mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; with epsilon 4 the deviation is 3.
    const x = tensor("float32", [1, 4], [1, 3, 5, 7]);
    expectSame(
      await layerNorm({ x, attributes: { axis: 1, epsilon: 4 } }),
      tensor("float32", [1, 4], [-1, -1 / 3, 1 / 3, 1]),
    );
    expectSame(
      await layerNorm({ x, attributes: { axis: 1, epsilon: 4 }, scale: [3, 3, 6, 9], bias: [1, 1, 1, -1] }),
      tensor("float32", [1, 4], [-2, 0, 3, 8]),
    );
    // The root mean square of 1, 3, 5, 7 is sqrt(21), with epsilon 4 it is 5; nothing is subtracted.
    expectSame(
      await layerNorm({
        x,
        attributes: { axis: 1, epsilon: 4, rms: true },
        scale: [5, 5, 5, 10],
        bias: [0, 0, 1, 0],
      }),
      tensor("float32", [1, 4], [1, 3, 6, 14]),
    );
  });

  test("several axes are one row", async () => {
    const row = [1, 3, 5, 7];
    const attributes = { axis: 1, epsilon: 4 };
    const two = await layerNorm({
      x: tensor("float32", [2, 2, 2], [...row, ...row.map((x) => -x)]),
      attributes,
    });
    expectSame(two, tensor("float32", [2, 2, 2], [-1, -1 / 3, 1 / 3, 1, 1, 1 / 3, -1 / 3, -1]));
  });

  test("a constant row is the bias, without epsilon NaN", async () => {
    const x = tensor("float32", [3], [7, 7, 7]);
    expectSame(
      await layerNorm({ x, attributes: { axis: 0, epsilon: 1e-5 }, bias: [1, 2, 3] }),
      tensor("float32", [3], [1, 2, 3]),
    );
    expectNumbers(valuesOf(await layerNorm({ x, attributes: { axis: 0, epsilon: 0 } })), [nan, nan, nan]);
  });

  test("a large mean cancels nothing but itself", async () => {
    // One pass over squares would lose a variance of 5 beside a squared mean of 1e12.
    const x = tensor("float64", [4], [1e6 + 1, 1e6 + 3, 1e6 + 5, 1e6 + 7]);
    expectSame(
      await layerNorm({ x, attributes: { axis: 0, epsilon: 4 } }),
      tensor("float64", [4], [-1, -1 / 3, 1 / 3, 1]),
    );
  });

  test("results have mean 0 and variance 1", async () => {
    const rows = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (row) => {
        fc.pre(new Set(row).size > 1);
        const y = Array.from(
          valuesOf(
            await layerNorm({ x: tensor("float64", [row.length], row), attributes: { axis: 0, epsilon: 0 } }),
          ),
        );
        expect(y.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 10);
        expect(y.reduce((sum, value) => sum + value * value, 0) / row.length).toBeCloseTo(1, 10);
      }),
    );
  });

  test("of nothing is nothing", async () => {
    const attributes = { axis: 1, epsilon: 1e-5 };
    expectSame(await layerNorm({ x: tensor("float16", [0, 3]), attributes }), tensor("float16", [0, 3]));
    expectSame(await layerNorm({ x: tensor("float32", [2, 0]), attributes }), tensor("float32", [2, 0]));
  });
});

/** Channels of scale 2, 3; bias 1, -1; mean 5, 10; variance 3, 8. With epsilon 1 the deviations are 2 and 3. */
async function batchNorm(x: HostTensor, layout: BatchNormAttributes["layout"]): Promise<HostTensor> {
  const spec: KernelSpec<"batchNorm"> = { op: "batchNorm", inputs: [x], attributes: { epsilon: 1, layout } };
  const of = (...numbers: number[]) => tensor("float32", [2], numbers);
  const [y] = await run(spec, [x], { scale: of(2, 3), bias: of(1, -1), mean: of(5, 10), variance: of(3, 8) });
  return y!;
}

describe("batchNorm", () => {
  // Channel 0: (x - 5) + 1. Channel 1: (x - 10) - 1.
  test("channels first, of any rank", async () => {
    for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
      expectSame(
        await batchNorm(tensor(dtype, [2, 2], [5, 10, 6, 20]), "nchw"),
        tensor(dtype, [2, 2], [1, -1, 2, 9]),
      );
      expectSame(
        await batchNorm(tensor(dtype, [1, 2, 1, 2], [5, 6, 10, 20]), "nchw"),
        tensor(dtype, [1, 2, 1, 2], [1, 2, -1, 9]),
      );
    }
  });

  test("channels last", async () => {
    const x = tensor("float32", [1, 1, 2, 2], [5, 10, 6, 20]);
    expectSame(await batchNorm(x, "nhwc"), tensor("float32", [1, 1, 2, 2], [1, -1, 2, 9]));
  });

  test("NaN and infinities stay what they are", async () => {
    expectSame(
      await batchNorm(tensor("float32", [1, 2], [nan, -inf]), "nchw"),
      tensor("float32", [1, 2], [nan, -inf]),
    );
  });

  test("of nothing is nothing", async () => {
    expectSame(await batchNorm(tensor("float32", [0, 2, 3]), "nchw"), tensor("float32", [0, 2, 3]));
    expectSame(await batchNorm(tensor("float32", [3, 2, 0]), "nchw"), tensor("float32", [3, 2, 0]));
  });
});

test("weights are copied", async () => {
  await using backend = await open();
  const scale = tensor("float32", [2], [1, 1]);
  const spec: KernelSpec<"layerNorm"> = {
    op: "layerNorm",
    inputs: [{ dtype: "float32", shape: [2] }],
    attributes: { axis: 0, epsilon: 0 },
  };
  const kernel = await backend.prepare(spec, { scale });
  scale.data.fill(5);
  const [x, y] = [
    backend.create({ dtype: "float32", shape: [2] }, Float32Array.of(-1, 1)),
    backend.create(definitionOf(spec).outputs(spec)[0]!),
  ];
  backend.dispatch(kernel, [x], [y]);
  expectNumbers((await backend.read(y)).data as Float32Array, [-1, 1]);
});

test("what makes no sense is refused", async () => {
  await using backend = await open();
  const input = (dtype: DType) => [{ dtype, shape: [2, 2] }];
  const refused: readonly KernelSpec[] = [
    { op: "softmax", inputs: input("int8"), attributes: { axis: 0 } },
    { op: "softmax", inputs: input("float32"), attributes: { axis: 2 } },
    { op: "layerNorm", inputs: input("float32"), attributes: { axis: 0, epsilon: -1 } },
    { op: "layerNorm", inputs: input("float32"), attributes: { axis: -1, epsilon: 0 } },
  ];
  for (const spec of refused) await expect(backend.prepare(spec)).rejects.toThrow(SpecError);
});
