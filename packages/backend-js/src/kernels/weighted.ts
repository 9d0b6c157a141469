/**
 * What linear and conv2d share: sums of activations times constant weights in four arithmetics (docs/numerics.md,
 * "linear and conv2d"). Each op lays its activations out as rows of `depth` numbers; this file makes outputs of them.
 */
import {
  type Arithmetic,
  blockCount,
  clampCodes,
  type KernelRow,
  multiplier,
  type Operand,
  quantizeNumber,
  requantizeSum,
  type WeightedSpec,
  type WeightOperand,
  type Weights,
  weightedArithmetic,
} from "@bitbudget/backend";
import { type DType, dtypes, elementCount, type HostTensor, type Storage } from "@bitbudget/core";
import { keep, load, scalar } from "../elements.ts";
import { unaryFunction } from "../functions.ts";
import { dot, type Factors } from "./dot.ts";
import {
  type Activations,
  type Blocks,
  plainActivations,
  quantizedBlocks,
  quantizedTensor,
} from "./dynamic.ts";
import { floats } from "./formats.ts";

export interface Weighted {
  /** Bytes of weights that it keeps. */
  readonly bytes: number;
  /** What is multiplied: the numbers of an input, or its codes less their zero point. */
  activations(x: Storage): Activations;
  /** The output of one channel for one row of activations. */
  output(rows: Activations, row: number, channel: number): number;
}

/** `channels` sums of `depth` terms for every row. */
export function prepareWeighted(
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  channels: number,
  depth: number,
): Weighted {
  const { weight, output } = spec.attributes;
  const blocks =
    weight.granularity?.kind === "block"
      ? { size: weight.granularity.size, count: blockCount(depth, weight.granularity.size) }
      : { size: depth, count: 1 };
  const sums: Sums = { weights, factors: factors(weights, channels, depth, blocks), channels, depth, blocks };
  return {
    bytes: sums.factors.byteLength,
    activations: prepareActivations(spec, weights, depth, blocks),
    output: dtypes[output].kind === "float" ? floatOutput(spec, sums) : integerOutput(spec, sums),
  };
}

interface Sums {
  readonly weights: Weights<"linear" | "conv2d">;
  /** [channels, depth] */
  readonly factors: Factors;
  readonly channels: number;
  readonly depth: number;
  readonly blocks: Blocks;
}

/** The weights as numbers to multiply with: floats as they are, codes less their zero points. */
function factors(
  { weight, zeroPoint }: Sums["weights"],
  channels: number,
  depth: number,
  { size, count }: Blocks,
): Factors {
  const values =
    weight?.dtype === "float64" ? new Float64Array(keep(weight)) : new Float32Array(keep(weight));
  if (zeroPoint === undefined) return values;
  const zeroPoints = spread(zeroPoint, 0, channels * count);
  for (let channel = 0, at = 0; channel < channels; channel++)
    for (let k = 0; k < depth; k++, at++) values[at]! -= zeroPoints[channel * count + Math.floor(k / size)]!;
  return values;
}

/** One number for each of `length` places, from a weight that has one for all, one for each, or is absent. */
function spread(weight: HostTensor | undefined, absent: number, length: number): Float64Array {
  const given = keep(weight, absent);
  return given.length === length
    ? new Float64Array(given)
    : new Float64Array(length).fill(given[0] ?? absent);
}

function prepareActivations(
  spec: WeightedSpec,
  weights: Sums["weights"],
  depth: number,
  blocks: Blocks,
): Weighted["activations"] {
  const type = spec.inputs[0]!;
  const { dynamic } = spec.attributes;
  if (dynamic === undefined) {
    const zeroPoint = scalar(weights.inputZeroPoint);
    return (x) => plainActivations(load(x, type), zeroPoint);
  }
  if (dynamic.granularity === "tensor") return (x) => quantizedTensor(load(x, type));
  const rows = elementCount(type.shape.slice(0, -1));
  const parts = dynamic.granularity === "block" ? blocks : { size: depth, count: 1 };
  return (x) => quantizedBlocks(load(x, type), rows, depth, parts);
}

/** act(sum over blocks(step * product) + bias), `step` being what one unit of a block's product is worth. */
function floatOutput(spec: WeightedSpec, sums: Sums): Weighted["output"] {
  const { weights, factors, channels, depth } = sums;
  const { size, count } = sums.blocks;
  const { bias, activation } = spec.attributes;
  const arithmetic = weightedArithmetic(spec);
  const ofCodes = arithmetic === "static" || arithmetic === "dynamic";
  const steps = spread(weights.scale, 1, channels * count);
  if (arithmetic === "static") {
    const inputScale = scalar(weights.inputScale);
    for (let i = 0; i < steps.length; i++) steps[i] = Math.fround(inputScale * steps[i]!);
  }
  // An int32 bias is a part of the sum of codes, which wraps; a float32 one is added to the scaled sum.
  const sumBias = spread(bias === "int32" ? weights.bias : undefined, 0, channels);
  const floatBias = spread(bias === "float32" ? weights.bias : undefined, 0, channels);
  const activate = unaryFunction(activation ?? { fn: "identity" });

  return ({ values, scales, rowStep, blockStep }, row, channel) => {
    let sum = 0;
    for (let block = 0; block < count; block++) {
      const first = block * size;
      const length = Math.min(size, depth - first);
      let product = dot(values, row * depth + first, factors, channel * depth + first, length);
      if (ofCodes) product = (product + sumBias[channel]!) | 0;
      sum += scales[row * rowStep + block * blockStep]! * steps[channel * count + block]! * product;
    }
    return activate(sum + floatBias[channel]!);
  };
}

/** Raw int32 sums, or sums requantized to 8 bits and clamped. */
function integerOutput(spec: WeightedSpec, { weights, factors, channels, depth }: Sums): Weighted["output"] {
  const range = dtypes[spec.attributes.output];
  const bias = spread(weights.bias, 0, channels);
  const sum = ({ values }: Activations, row: number, channel: number) =>
    (dot(values, row * depth, factors, channel * depth, depth) + bias[channel]!) | 0;
  if (spec.attributes.output === "int32") return sum;

  const outputScale = scalar(weights.outputScale);
  const zeroPoint = scalar(weights.outputZeroPoint);
  const inputScale = scalar(weights.inputScale);
  const multipliers = spread(weights.scale, 1, channels).map((scale) =>
    multiplier(inputScale, scale, outputScale),
  );
  const { min, max } = clampCodes(spec.attributes.activation, (x) =>
    quantizeNumber(x, outputScale, zeroPoint, range),
  );
  return (rows, row, channel) => {
    const code = requantizeSum(sum(rows, row, channel), multipliers[channel]!, zeroPoint, range);
    return Math.min(Math.max(code, min), max);
  };
}

const codes = ["int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;
const coarse = codes.flatMap((dtype) => [`${dtype} tensor`, `${dtype} channel`] as const);
const all = [...coarse, ...codes.map((dtype) => `${dtype} block` as const)];

function rows(
  activations: readonly Operand[],
  weights: readonly WeightOperand[],
  outputs: readonly DType[],
  arithmetic: Arithmetic,
): KernelRow[] {
  return activations.flatMap((activation) =>
    weights.flatMap((weight) => outputs.map((output) => ({ activation, weight, output, arithmetic }))),
  );
}

/** What both ops compute; they differ in the ways to quantize dynamically. */
export function weightedRows(dynamic: readonly `dynamic ${DType}`[]): readonly KernelRow[] {
  return [
    ...rows(floats, floats, floats, "native"),
    ...rows(floats, all, floats, "decoded"),
    ...rows(["uint8", "int8"], coarse, ["uint8", "int8", "int32"], "native"),
    ...rows(["uint8", "int8"], all, ["float32", "float16"], "native"),
    ...rows(dynamic, all, floats, "native"),
  ];
}
