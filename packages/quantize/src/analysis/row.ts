/** What a layer is, and what its weights cost and lose under a scheme. */
import { storedBytes } from "@bitbudget/core";
import { DifferenceSums } from "../verify/difference.ts";
import type { SwitchedLayer } from "./switchable.ts";

export function rowOf({ layer, scheme, weights }: SwitchedLayer) {
  const sums = new DifferenceSums();
  for (const { float, quantized } of weights) sums.add(quantized.data, float.data);
  const parameters = weights.reduce((sum, { float }) => sum + float.data.length, 0);
  const bytes = weights.reduce((sum, { codes }) => sum + storedBytes(codes), 0);
  return {
    ...{ layer: layer.name, opType: layer.opType, index: layer.index, scheme, parameters },
    bits: parameters === 0 ? 0 : (8 * bytes) / parameters,
    weightSqnrDb: weights.length === 0 ? undefined : sums.result().sqnrDb,
  };
}
