/**
 * The yardstick for sums, in which terms may cancel: the same computation on absolute values (Higham, "Accuracy and
 * Stability of Numerical Algorithms", section 3.1). Computed in float64 by the oracle, on a float spec: codes become the
 * absolute values of the numbers they stand for, and activations are left out.
 */
import {
  blockCount,
  conv2dDepth,
  type KernelSpec,
  linearDepth,
  resizeTaps,
  type WeightedAttributes,
  weightedArithmetic,
} from "@bitbudget/backend";
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { attentionMagnitude } from "./magnitude-attention.ts";
import { elementwiseMagnitude } from "./magnitude-elementwise.ts";
import { recurrentMagnitudes } from "./magnitude-recurrent.ts";
import { type Problem, solve } from "./oracle.ts";

/** One number for each element of an output. Throws for ops whose tolerances never ask for it. */
export async function magnitudeOf(problem: Problem, output = 0): Promise<ArrayLike<number>> {
  const { spec, inputs, weights } = problem;
  switch (spec.op) {
    case "linear":
      return numbersOf({
        ...problem,
        ...absoluteSums(problem, spec, spec.attributes.channels, linearDepth(spec)),
      });
    case "conv2d":
      return numbersOf({
        ...problem,
        ...absoluteSums(problem, spec, spec.attributes.channels, conv2dDepth(spec)),
      });
    case "matmul":
      return numbersOf(absoluteProduct(problem, spec));
    case "attention":
      return attentionMagnitude(spec, inputs);
    case "recurrent":
      return recurrentMagnitudes(spec, inputs, weights)[output] ?? [];
    case "elementwise":
      return elementwiseMagnitude(spec, problem);
    case "poolGrad":
      return absoluteUpdates(problem, spec, inputs.length - 1);
    case "scatterAdd":
      return absoluteUpdates(problem, spec, 1);
    case "convolution":
    case "reduce":
    case "pool2d": {
      const x = inputs.map((input) => absolute(input));
      return numbersOf({ spec: { ...spec, inputs: x.map(typeOf) }, inputs: x, weights: {} });
    }
    case "resize":
      return absoluteResize(spec, inputs[0]);
    default:
      throw new Error(
        `no rule for the magnitude of ${spec.op}: add one to magnitude.ts, or measure against results`,
      );
  }
}

async function numbersOf(problem: Problem): Promise<ArrayLike<number>> {
  const [output] = await solve(problem);
  return output === undefined ? [] : valuesOf(output);
}

function typeOf({ dtype, shape }: HostTensor) {
  return { dtype, shape };
}

/** |scale * (x - zero point)| as float64. */
function absolute(x: HostTensor, scale = 1, zeroPoint = 0): HostTensor {
  const numbers = Float64Array.from(valuesOf(x), (value) => Math.abs(scale * (value - zeroPoint)));
  return tensor("float64", x.shape, numbers);
}

/** The number in a scalar weight, or what an absent one stands for. */
function scalarOf(weight: HostTensor | undefined, absent: number): number {
  return weight === undefined ? absent : (valuesOf(weight)[0] ?? absent);
}

/** Activations, weights and bias of linear and conv2d as absolute floats. */
function absoluteSums<S extends KernelSpec<"linear"> | KernelSpec<"conv2d">>(
  { inputs, weights }: Problem,
  spec: S,
  channels: number,
  depth: number,
) {
  const scaled = weightedArithmetic(spec) === "static";
  const inputScale = scalarOf(weights.inputScale, 1);
  const x = inputs.map((input) =>
    absolute(input, inputScale, scaled ? scalarOf(weights.inputZeroPoint, 0) : 0),
  );
  const { granularity } = spec.attributes.weight;
  const size = granularity?.kind === "block" ? granularity.size : depth;
  const blocks = blockCount(depth, size);
  const perChannel = granularity === undefined || granularity.kind === "tensor" ? 0 : blocks;
  const scales = weights.scale === undefined ? [1] : valuesOf(weights.scale);
  const zeroPoints = weights.zeroPoint === undefined ? [] : valuesOf(weights.zeroPoint);
  const codes = weights.weight === undefined ? [] : valuesOf(weights.weight);
  const w = Float64Array.from(codes, (code, i) => {
    const group =
      Math.floor(i / depth) * perChannel + (perChannel === 0 ? 0 : Math.floor((i % depth) / size));
    return Math.abs((code - (zeroPoints[group] ?? 0)) * (scales[group] ?? 1));
  });
  const bias = weights.bias === undefined ? undefined : valuesOf(weights.bias);
  const step = (channel: number) =>
    weights.bias?.dtype === "int32" ? inputScale * (scales[channel * perChannel] ?? 1) : 1;
  const {
    activation: _,
    dynamic: __,
    bias: ___,
    ...geometry
  }: WeightedAttributes & S["attributes"] = spec.attributes;
  const attributes = {
    ...geometry,
    weight: { dtype: "float64" },
    output: "float64",
    ...(bias === undefined ? {} : { bias: "float32" }),
  } as const;
  return {
    spec: { ...spec, inputs: x.map(typeOf), attributes },
    inputs: x,
    weights: {
      weight: tensor("float64", weights.weight?.shape ?? [channels, depth], w),
      ...(bias === undefined
        ? {}
        : {
            bias: tensor(
              "float32",
              [channels],
              Float64Array.from(bias, (b, i) => Math.abs(b * step(i))),
            ),
          }),
    },
  };
}

/** The last input is added up; where, the others say, which stay what they are. */
function absoluteUpdates(
  { inputs, weights }: Problem,
  spec: KernelSpec<"poolGrad"> | KernelSpec<"scatterAdd">,
  last: number,
): Promise<ArrayLike<number>> {
  const numbers = inputs.map((input, i) =>
    i === last
      ? absolute(input)
      : spec.op === "poolGrad"
        ? tensor("float64", input.shape, valuesOf(input))
        : input,
  );
  return numbersOf({ spec: { ...spec, inputs: numbers.map(typeOf) }, inputs: numbers, weights });
}

function absoluteProduct({ inputs, weights }: Problem, spec: KernelSpec<"matmul">): Problem {
  const x = inputs.map((input, i) =>
    i === 0
      ? absolute(input, scalarOf(weights.aScale, 1), scalarOf(weights.aZeroPoint, 0))
      : absolute(input, scalarOf(weights.bScale, 1), scalarOf(weights.bZeroPoint, 0)),
  );
  const attributes = { ...spec.attributes, output: "float64" } as const;
  return { spec: { ...spec, inputs: x.map(typeOf), attributes }, inputs: x, weights: {} };
}

/** Interpolation weights may be negative: their absolute values count, too. */
function absoluteResize(spec: KernelSpec<"resize">, input: HostTensor | undefined): ArrayLike<number> {
  let numbers = Float64Array.from(input === undefined ? [] : valuesOf(input), Math.abs);
  const shape = [...(input?.shape ?? [])];
  for (const { axis, taps, indices, weights, outside } of resizeTaps(spec)) {
    const outer = elementCount(shape.slice(0, axis));
    const inner = elementCount(shape.slice(axis + 1));
    const from = shape[axis] ?? 0;
    const to = outside.length;
    const next = new Float64Array(outer * to * inner);
    for (let at = 0; at < next.length; at++) {
      const k = at % inner;
      const i = Math.floor(at / inner) % to;
      const o = Math.floor(at / inner / to);
      for (let t = i * taps; t < (i + 1) * taps; t++)
        next[at]! += Math.abs(weights[t]!) * numbers[(o * from + indices[t]!) * inner + k]!;
    }
    numbers = next;
    shape[axis] = to;
  }
  return numbers;
}
