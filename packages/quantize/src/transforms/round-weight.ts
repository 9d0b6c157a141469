/** A weight as it comes back from the nearest codes of its scheme, which is what a search for factors tries. */
import { dequantize, dtypes, grouped, minMax, type QuantizeOptions, quantize } from "@bitbudget/core";
import type { Layer, LayerWeight } from "../layers.ts";
import { coreScheme, type WeightScheme } from "../scheme.ts";

/** @throws AssignmentError for a scheme that the layer cannot have */
export function roundedWeight(
  data: Float32Array,
  layer: Layer,
  weight: LayerWeight,
  scheme: WeightScheme,
): Float32Array {
  const core = coreScheme(layer, weight, scheme);
  return dequantize(quantize(data, weight.shape, core, options(data, weight, scheme, core)));
}

/** Fewer bits than the format has: codes of a range that is wider by the codes that are not used. */
function options(
  data: Float32Array,
  { shape }: LayerWeight,
  { dtype, bits, mapping = "symmetric" }: WeightScheme,
  { granularity }: ReturnType<typeof coreScheme>,
): QuantizeOptions {
  const { bits: all } = dtypes[dtype];
  if (bits === undefined || bits === all || !(mapping === "symmetric" || mapping === "asymmetric")) return {};
  const observer = grouped(granularity, minMax);
  observer.observe(data, shape);
  const wider =
    mapping === "symmetric" ? (2 ** (all - 1) - 1) / (2 ** (bits - 1) - 1) : (2 ** all - 1) / (2 ** bits - 1);
  return {
    ranges: observer
      .ranges()
      .map(({ min, max }) => ({ min: Math.min(min, 0) * wider, max: Math.max(max, 0) * wider })),
  };
}
