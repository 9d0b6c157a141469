/**
 * Mixed mappings: which way of standing for numbers suits a weight best, at the same bits for each element. What counts is the
 * error of the layer's output where its inputs are known, else that of the weight.
 */
import type { Quantized } from "@bitbudget/core";
import type { LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import type { Layer, LayerWeight } from "../layers.ts";
import { coreScheme, type WeightMapping, type WeightScheme } from "../scheme.ts";
import { gptq } from "./gptq.ts";
import { codedWeight, type Rounded, roundedValues } from "./grid.ts";
import { importanceOf, outputError } from "./loss.ts";
import { gridOf } from "./make-grid.ts";
import { weightMatrix } from "./matrix.ts";
import { nearest } from "./nearest.ts";

export interface BestMappingOptions {
  /** Of each code: 2, 3, 4 or 8. */
  readonly bits: number;
  readonly granularity?: WeightScheme["granularity"];
  /** Default: all that there are at so many bits. */
  readonly mappings?: readonly WeightMapping[];
  /** Of the inputs of the layer. Default: all inputs count the same, and have nothing to do with each other. */
  readonly gram?: LayerGram;
  /** Default "nearest". "gptq" needs the Gram matrix. */
  readonly method?: "nearest" | "gptq";
}

export interface MappingResult {
  readonly scheme: WeightScheme;
  readonly quantized: Quantized;
  /** The sum over output channels of the mean square of what is added to them; without a Gram matrix of squared errors of weights. */
  readonly error: number;
}

const mappings: readonly WeightMapping[] = ["symmetric", "asymmetric", "nf4", "kmeans", "log2"];

/** The scheme of a mapping whose codes have so many bits; undefined where there is none. */
export function mappingScheme(
  mapping: WeightMapping,
  bits: number,
  granularity: WeightScheme["granularity"] = "channel",
): WeightScheme | undefined {
  if (mapping === "nf4" && bits !== 4) return undefined;
  const width = ([2, 4, 8] as const).find((each) => each >= bits);
  if (width === undefined || bits < 2) return undefined;
  const isSigned = mapping === "symmetric" || mapping === "log2";
  return {
    dtype: `${isSigned ? "int" : "uint"}${width}`,
    ...(width > bits && { bits }),
    granularity,
    mapping,
    range: "mse",
  };
}

/**
 * All mappings of a weight, the one with the least error first.
 * @throws QuantizeError for bits that no mapping has, or a method without what it needs
 */
export function compareMappings(
  layer: Layer,
  weight: LayerWeight,
  values: Float32Array,
  {
    bits,
    granularity = "channel",
    mappings: chosen = mappings,
    gram,
    method = "nearest",
  }: BestMappingOptions,
): MappingResult[] {
  const matrix = weightMatrix(layer, weight);
  const known = gram !== undefined && matrix !== undefined ? { gram, matrix } : undefined;
  if (method === "gptq" && known === undefined)
    throw new QuantizeError(`layer ${JSON.stringify(layer.name)}: GPTQ needs the Gram matrix of its inputs`);
  const results = chosen.flatMap((mapping): MappingResult[] => {
    const scheme = mappingScheme(mapping, bits, granularity);
    if (scheme === undefined) return [];
    const importance = known && importanceOf(known.matrix, known.gram);
    const grid = gridOf(values, weight.shape, coreScheme(layer, weight, scheme), {
      bits: scheme.bits,
      range: "mse",
      importance,
    });
    const rounded: Rounded =
      method === "gptq" && known !== undefined
        ? gptq(grid, values, known.matrix, known.gram)
        : nearest(grid, values);
    const found = roundedValues(rounded);
    const error =
      known === undefined
        ? squaredError(values, found)
        : outputError(values, found, known.matrix, known.gram);
    return [{ scheme, quantized: codedWeight(rounded), error }];
  });
  if (results.length === 0)
    throw new QuantizeError(`no mapping among ${chosen.join(", ")} has codes of ${bits} bits`);
  return results.sort((a, b) => a.error - b.error);
}

/** The mapping of a weight with the least error. @throws as `compareMappings` does */
export function bestMapping(
  layer: Layer,
  weight: LayerWeight,
  values: Float32Array,
  options: BestMappingOptions,
): MappingResult {
  return compareMappings(layer, weight, values, options)[0]!;
}

function squaredError(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
