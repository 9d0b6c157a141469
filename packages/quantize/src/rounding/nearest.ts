/** Every weight to the nearest number of its group. */
import { type Quantized, quantize, type Scheme } from "@bitbudget/core";
import { codedWeight, type Grid, nearestRank, type Rounded } from "./grid.ts";
import { type GridOptions, gridOf } from "./make-grid.ts";

/**
 * Rounds a weight to nearest. Without `bits` and with ranges from minimum and maximum this is core's `quantize`.
 * @throws QuantizeError for bits that the format or the mapping cannot have; core's errors for a scheme or shape that is none
 */
export function roundNearest(
  weight: Float32Array,
  shape: readonly number[],
  scheme: Scheme,
  options: GridOptions = {},
): Quantized {
  const { bits, range = "min-max" } = options;
  if (bits === undefined && range === "min-max") return quantize(weight, shape, scheme);
  return codedWeight(nearest(gridOf(weight, shape, scheme, options), weight));
}

/** The same on a grid that is given. */
export function nearest(grid: Grid, weight: Float32Array): Rounded {
  const ranks = new Uint16Array(weight.length);
  for (let i = 0; i < weight.length; i++) ranks[i] = nearestRank(grid, grid.groupOf[i]!, weight[i]!);
  return { grid, ranks };
}
