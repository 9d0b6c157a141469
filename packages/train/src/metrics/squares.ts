/** The metric of regressions. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { checkShape, type Metric, meanOf } from "./metric.ts";

export interface MeanSquareOptions {
  /** Name of a value of the model. */
  readonly output: string;
  /** Name of the target, of the same shape. Default "target". */
  readonly target?: string;
}

/** The mean of (output - target)^2 over all elements. */
export function meanSquare({ output, target = "target" }: MeanSquareOptions): Metric {
  return meanOf(output, target, (y: HostTensor, given: HostTensor) => {
    checkShape(target, given, y.shape);
    const expected = valuesOf(given);
    return Float64Array.from(valuesOf(y), (value, i) => (value - expected[i]!) ** 2);
  });
}
