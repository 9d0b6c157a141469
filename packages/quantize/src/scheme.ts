/**
 * What becomes of each layer, as plain, serializable data: the currency between presets, a search, repair and export.
 */
import { type DType, dtypes, type Granularity, isDType, type Mapping, type Scheme } from "@bitbudget/core";
import { AssignmentError } from "./errors.ts";
import type { Layer, LayerWeight } from "./layers.ts";

/** How codes of weights stand for numbers. NF4 (Dettmers et al. 2023), k-means and log2 (Miyashita et al. 2016) are tables. */
export type WeightMapping = "symmetric" | "asymmetric" | "nf4" | "kmeans" | "log2";

/** How a range is found among what was seen; a number is a percentile, as 99.99. */
export type RangeMethod = "min-max" | "moving-average" | "mse" | "entropy" | { readonly percentile: number };

export interface WeightScheme {
  /** Format in which codes are stored; a float of 8 or 16 bits rounds the weights themselves. */
  readonly dtype: DType;
  /** Bits that are used, where that is fewer than the format has: 3 in an int4. */
  readonly bits?: number;
  /** Which weights share a scale; blocks run along the terms of a sum. Default "channel"; floats of 16 bits have no scale. */
  readonly granularity?: "tensor" | "channel" | { readonly block: number };
  /** Default "symmetric". */
  readonly mapping?: WeightMapping;
  /** Default "min-max". */
  readonly range?: "min-max" | "mse";
}

export interface ActivationScheme {
  /** An integer format. */
  readonly dtype: DType;
  /** Whether scales are found anew in each run, so that no calibration is needed. Default false. */
  readonly dynamic?: boolean;
  /** Whether codes have no zero point of their own. Default: true for signed formats, false for unsigned ones. */
  readonly symmetric?: boolean;
  /** Default "min-max". */
  readonly range?: RangeMethod;
}

/** What is left out stays as it is. */
export interface LayerScheme {
  readonly weight?: WeightScheme;
  readonly activation?: ActivationScheme;
}

/** Schemes by the name of the layer. Layers that are not named stay float. */
export type Assignment = Readonly<Record<string, LayerScheme>>;

/** The assignment in which each layer has what `choose` says; undefined leaves it float. */
export function assign(
  layers: readonly Layer[],
  choose: (layer: Layer) => LayerScheme | undefined,
): Assignment {
  return Object.fromEntries(
    layers.flatMap((layer) => {
      const scheme = choose(layer);
      return scheme === undefined ? [] : [[layer.name, scheme]];
    }),
  );
}

/** A weight scheme as the numeric package has it, for one weight of a layer. @throws AssignmentError where it does not fit */
export function coreScheme(layer: Layer, weight: LayerWeight, scheme: WeightScheme): Scheme {
  const { dtype, mapping = "symmetric", granularity = "channel" } = scheme;
  const isFloat = isDType(dtype) && dtypes[dtype].kind === "float";
  if (isFloat && mapping !== "symmetric")
    throw new AssignmentError(layer.name, `${dtype} has no ${mapping} mapping; leave the mapping out`);
  if (isFloat && dtypes[dtype].bits >= 16)
    return { dtype, granularity: { kind: "tensor" }, mapping: { kind: "affine", symmetric: true } };
  return {
    dtype,
    granularity: coreGranularity(layer, weight, granularity),
    mapping: coreMapping(mapping),
  };
}

function coreGranularity(
  layer: Layer,
  weight: LayerWeight,
  granularity: NonNullable<WeightScheme["granularity"]>,
): Granularity {
  if (granularity === "tensor") return { kind: "tensor" };
  if (granularity === "channel") return { kind: "channel", axis: weight.channelAxis };
  if (weight.blockAxis === undefined)
    throw new AssignmentError(
      layer.name,
      `blocks are for matrices, and its weight is of ${layer.opType}; use "channel"`,
    );
  return { kind: "block", axis: weight.blockAxis, size: granularity.block, partial: true };
}

function coreMapping(mapping: WeightMapping): Mapping {
  if (mapping === "nf4" || mapping === "kmeans") return { kind: "codebook", table: mapping };
  if (mapping === "log2") return { kind: "log2" };
  return { kind: "affine", symmetric: mapping === "symmetric" };
}

/** @throws AssignmentError for names that are no layers, formats that do not exist, schemes that contradict themselves */
export function checkAssignment(layers: readonly Layer[], assignment: Assignment): void {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  for (const [name, scheme] of Object.entries(assignment)) {
    const layer = byName.get(name);
    if (layer === undefined)
      throw new AssignmentError(
        name,
        `the model has no layer of that name; it has ${[...byName.keys()].slice(0, 8).join(", ")}${byName.size > 8 ? ", ..." : ""}`,
      );
    checkLayer(layer, scheme);
  }
}

function checkLayer(layer: Layer, { weight, activation }: LayerScheme): void {
  const fail = (detail: string): never => {
    throw new AssignmentError(layer.name, detail);
  };
  if (weight !== undefined) {
    if (!isDType(weight.dtype)) fail(`${JSON.stringify(weight.dtype)} is not a dtype`);
    if (layer.weights.length === 0) fail("it has no constant weight; leave `weight` out");
    const { bits } = dtypes[weight.dtype];
    const used = weight.bits ?? bits;
    if (!(Number.isInteger(used) && used >= 2 && used <= bits))
      fail(`${used} bits do not fit ${weight.dtype}; use 2 to ${bits}`);
    for (const each of layer.weights) coreScheme(layer, each, weight);
  }
  if (activation !== undefined) {
    const { dtype } = activation;
    if (!isDType(dtype) || dtypes[dtype].kind !== "integer" || dtypes[dtype].bits > 16)
      fail(`activations have integer codes of at most 16 bits, not ${JSON.stringify(dtype)}`);
  }
}
