/** Quantizers in training steps: forward against the runtime bit for bit, backward by hand and against differences. */
import { open } from "@bitbudget/backend-js";
import { type DType, dtypes, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type ModelProto, makeNode, type NodeProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NoGradientError, stepGraph } from "../../src/index.ts";
import { markQuantizer, type QuantizerMark } from "../../src/qat/marks.ts";
import { modelOf } from "../gradients/finite-differences.ts";

interface Quantized {
  readonly x: HostTensor;
  readonly scale: HostTensor;
  readonly zeroPoint?: HostTensor;
  readonly axis?: number;
  readonly blockSize?: number;
  /** Codes beyond these are clipped, zero point included. */
  readonly clip?: readonly [number, number];
  readonly mark?: QuantizerMark;
}

/** QuantizeLinear, a Clip of the codes if there is one, DequantizeLinear. */
function quantizerNodes({ axis = 0, blockSize = 0, clip, zeroPoint, mark }: Quantized): NodeProto[] {
  const zero = zeroPoint === undefined ? [] : ["zeroPoint"];
  const attributes = { axis: BigInt(axis), ...(blockSize > 0 && { block_size: BigInt(blockSize) }) };
  const quantize = makeNode("QuantizeLinear", ["x", "scale", ...zero], ["codes"], { attributes, name: "q" });
  if (mark !== undefined) markQuantizer(quantize, mark);
  const narrow = clip === undefined ? [] : [makeNode("Clip", ["codes", "low", "high"], ["narrow"])];
  const codes = clip === undefined ? "codes" : "narrow";
  return [
    quantize,
    ...narrow,
    makeNode("DequantizeLinear", [codes, "scale", ...zero], ["y"], { attributes }),
  ];
}

function modelOfQuantizer(given: Quantized): ModelProto {
  const { x, scale, zeroPoint, clip } = given;
  const dtype = zeroPoint?.dtype ?? "uint8";
  const bounds = clip && { low: tensor(dtype, [], [clip[0]]), high: tensor(dtype, [], [clip[1]]) };
  const model = modelOf({
    nodes: quantizerNodes(given),
    variables: {},
    constants: { x, scale, ...(zeroPoint && { zeroPoint }), ...bounds },
  });
  for (const output of model.graph!.output) {
    if (output.type?.value.case === "tensorType") output.type.value.value.elemType = dtypes[scale.dtype].onnx;
  }
  return model;
}

const loss = (dy: readonly number[]) => ({
  shapes: {},
  parameters: ["x", "scale"],
  outputs: ["y"],
  loss: ({ ops, value }: Parameters<Parameters<typeof stepGraph>[1]["loss"]>[0]) => {
    const y = value("y");
    return ops.sum(
      ops.mul(y, ops.constant(tensor(y.dtype === "float32" ? "float32" : "float64", y.shape, [...dy]))),
      y.shape.map((_, axis) => axis),
    );
  },
});

/** y and the gradients of the sum of y * dy. */
async function step(given: Quantized, dy: readonly number[]) {
  const graph = stepGraph(modelOfQuantizer(given), loss(dy));
  await using backend = await open();
  await using session = await createSession(graph.model, { backend });
  const results = await session.run({ x: given.x, scale: given.scale });
  const gradient = (name: string) => {
    const output = graph.gradients.get(name);
    return output === undefined ? undefined : Array.from(valuesOf(results[output]!));
  };
  return { y: results[graph.outputs.get("y")!]!, dx: gradient("x"), dScale: gradient("scale") };
}

async function runtimeValue(given: Quantized): Promise<HostTensor> {
  await using backend = await open();
  await using session = await createSession(modelOfQuantizer(given), { backend, optimize: false });
  return (await session.run({})).y!;
}

const lsq: QuantizerMark = { method: "lsq", isActivation: false };
const float64 = (values: readonly number[], shape: readonly number[] = [values.length]) =>
  tensor("float64", shape, [...values]);

describe("forward, bit for bit what QuantizeLinear and DequantizeLinear compute", () => {
  const formats: readonly DType[] = ["int8", "uint8", "int4", "uint4", "int2", "uint2", "int16", "uint16"];
  const places = { tensor: {}, channel: { axis: 1 }, block: { axis: 1, blockSize: 3 } };
  const scaleShapes = { tensor: [], channel: [6], block: [2, 2, 2] };
  for (const dtype of formats)
    for (const place of ["tensor", "channel", "block"] as const)
      test(`${dtype} by ${place}`, async () => {
        const { min, max } = dtypes[dtype];
        const scaleShape = scaleShapes[place];
        const count = elementCount(scaleShape);
        const given = fc.record({
          // Ties, large numbers and zeros of both signs, besides numbers of all sizes.
          x: fc.array(
            fc.oneof(
              fc.float({ noNaN: true, min: -20, max: 20 }),
              fc.constantFrom(-0, 0, 0.5, -0.5, 1.5, 2.5, 1e9, -1e9),
            ),
            { minLength: 24, maxLength: 24 },
          ),
          scale: fc.array(fc.float({ noNaN: true, min: Math.fround(0.01), max: 4 }), {
            minLength: count,
            maxLength: count,
          }),
          zero: fc.integer({ min, max }),
        });
        await fc.assert(
          fc.asyncProperty(given, async ({ x, scale, zero }) => {
            const quantized: Quantized = {
              x: tensor("float32", [2, 6, 2], x),
              scale: tensor("float32", scaleShape, scale),
              zeroPoint: tensor(dtype, scaleShape, new Array(count).fill(zero)),
              ...places[place],
            };
            const { y } = await step(quantized, new Array(24).fill(1));
            const expected = await runtimeValue(quantized);
            expect(y.shape).toEqual(expected.shape);
            expect(bits(y)).toEqual(bits(expected));
          }),
          { numRuns: 12 },
        );
      });

  test("codes clipped to 3 bits", async () => {
    const given: Quantized = {
      x: tensor("float32", [9], [-9, -4, -2.5, -0.4, 0, 0.6, 3, 3.6, 9]),
      scale: tensor("float32", [], [1]),
      zeroPoint: tensor("uint8", [], [128]),
      clip: [124, 131],
    };
    const { y } = await step(given, new Array(9).fill(1));
    expect(Array.from(valuesOf(y))).toEqual([-4, -4, -2, 0, 0, 1, 3, 3, 3]);
    expect(bits(y)).toEqual(bits(await runtimeValue(given)));
  });
});

function bits({ data }: HostTensor): number[] {
  return Array.from(new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4));
}

describe("gradients by hand", () => {
  // int2: codes -2 to 1, step 0.5; x / step is -3, -1.5, 0.6, 1, 4.
  const x = float64([-1.5, -0.75, 0.3, 0.5, 2]);
  const common = { x, scale: float64([0.5], []), zeroPoint: tensor("int2", [], [0]) };
  const dy = [1, 10, 100, 1000, 10000];

  test("LSQ, equations 3 to 5", async () => {
    const { dx, dScale } = await step({ ...common, mark: lsq }, dy);
    // -3 is clipped; -1.5 rounds to -2; 0.6 to 1; 1 stays; 4 is clipped.
    expect(dx).toEqual([0, 10, 100, 1000, 0]);
    const sum = 1 * -2 + 10 * (-2 + 1.5) + 100 * (1 - 0.6) + 1000 * 0 + 10000 * 1;
    // 5 elements share the step, the largest code is 1.
    expect(dScale![0]).toBeCloseTo(sum / Math.sqrt(5 * 1), 6);
  });

  test("LSQ of an activation: the batch does not count among the elements", async () => {
    const given = { ...common, x: float64([-1.5, -0.75, 0.3, 2], [2, 2]) };
    const weight = await step({ ...given, mark: lsq }, [1, 1, 1, 1]);
    const activation = await step({ ...given, mark: { ...lsq, isActivation: true } }, [1, 1, 1, 1]);
    expect(activation.dScale![0]! / weight.dScale![0]!).toBeCloseTo(Math.sqrt(2), 9);
  });

  test("PACT: the clip alone, as gradient descent on alpha = largest code * step", async () => {
    const given: Quantized = {
      x: float64([-1, 0.3, 1.4, 1.6, 7]),
      scale: float64([0.5], []),
      zeroPoint: tensor("uint2", [], [0]),
      mark: { method: "pact", isActivation: true },
    };
    // alpha = 1.5: 1.6 and 7 are clipped. d y / d alpha is 1 there (Choi et al. 2018, equation 3).
    const { dx, dScale } = await step(given, dy);
    expect(dx).toEqual([0, 10, 100, 0, 0]);
    const rate = 0.01;
    const alpha = 1.5 - rate * (1000 + 10000);
    expect(3 * (0.5 - rate * dScale![0]!)).toBeCloseTo(alpha, 9);
  });

  test("a fixed step has none", async () => {
    const { dx, dScale } = await step(common, dy);
    expect(dx).toEqual([0, 10, 100, 1000, 0]);
    expect(dScale).toBeUndefined();
  });
});

describe("gradients against central differences of what the estimator takes for the truth", () => {
  const places: readonly (Omit<Quantized, "x" | "scale"> & {
    groupOf: (i: number) => number;
    scales: number[];
  })[] = [
    { groupOf: () => 0, scales: [] },
    { groupOf: (i) => Math.floor(i / 2) % 6, scales: [6], axis: 1 },
    {
      groupOf: (i) => Math.floor(i / 12) * 4 + Math.floor((i % 12) / 6) * 2 + (i % 2),
      scales: [2, 2, 2],
      axis: 1,
      blockSize: 3,
    },
  ];
  for (const method of ["lsq", "pact"] as const)
    for (const { groupOf, scales, ...place } of places)
      test(`${method}, scales [${scales}]`, async () => {
        const draw = (i: number) => Math.sin(i * 12.9898) * 3;
        const x = Array.from({ length: 24 }, (_, i) => draw(i + 1));
        const scale = Array.from({ length: elementCount(scales) }, (_, i) => 0.37 + 0.11 * i);
        const dy = Array.from({ length: 24 }, (_, i) => draw(i + 100));
        const { min: low, max: high } = dtypes.int4;
        const found = await step(
          {
            x: tensor("float64", [2, 6, 2], x),
            scale: tensor("float64", scales, scale),
            zeroPoint: tensor("int4", scales, new Array(scale.length).fill(0)),
            mark: { method, isActivation: false },
            ...place,
          },
          dy,
        );
        // Rounding moves every number by what it moves it by now, however x and the step change.
        const moves = x.map((value, i) => {
          const v = value / scale[groupOf(i)]!;
          return method === "lsq" && v > low && v < high ? Math.round(v) - v : 0;
        });
        const loss = (xs: readonly number[], steps: readonly number[]) =>
          xs.reduce((sum, value, i) => {
            const s = steps[groupOf(i)]!;
            const v = value / s;
            const code = v <= low ? low : v >= high ? high : v + moves[i]!;
            return sum + dy[i]! * code * s;
          }, 0);
        const h = 1e-6;
        for (let i = 0; i < 24; i++) {
          const slope = (loss(x.with(i, x[i]! + h), scale) - loss(x.with(i, x[i]! - h), scale)) / (2 * h);
          expect(found.dx![i]).toBeCloseTo(slope, 6);
        }
        const factor = method === "lsq" ? 1 / Math.sqrt((24 / scale.length) * high) : 1 / high ** 2;
        for (let g = 0; g < scale.length; g++) {
          const [up, down] = [scale[g]! + h, scale[g]! - h];
          const slope = (loss(x, scale.with(g, up)) - loss(x, scale.with(g, down))) / (2 * h);
          expect(found.dScale![g]).toBeCloseTo(slope * factor, 6);
        }
      });
});

describe("what cannot be trained", () => {
  const x = float64([1, 2, 3, 4]);
  const fails = (given: Quantized) => () => stepGraph(modelOfQuantizer(given), loss([1, 1, 1, 1]));

  test("scales that do not fit the axis", () => {
    const given = { x, scale: float64([1, 1, 1]), zeroPoint: tensor("int8", [3], [0, 0, 0]) };
    expect(fails(given)).toThrow(NoGradientError);
    expect(fails(given)).toThrow('node "q" (QuantizeLinear)');
  });
  test("blocks that do not divide the axis", () =>
    expect(
      fails({ x, scale: float64([1, 1]), zeroPoint: tensor("int8", [2], [0, 0]), blockSize: 3 }),
    ).toThrow(/blocks of 3 do not divide axis 0 of length 4/));
  test("zero points that differ", () =>
    expect(fails({ x, scale: float64([1, 1, 1, 1]), zeroPoint: tensor("int8", [4], [0, 1, 0, 0]) })).toThrow(
      /zero points differ/,
    ));
});
