/** Metrics of logits against those of a teacher. */
import type { HostTensor } from "@bitbudget/core";
import { checkShape, type Metric, meanOf } from "./metric.ts";
import { largest, logProbabilities, rowsOf } from "./rows.ts";

export interface AgreementOptions {
  /** Name of a value of the model. */
  readonly logits: string;
  /** Name of the target: the logits of the teacher, of the same shape. Default "teacher". */
  readonly teacher?: string;
  /** Axis of the classes. Default -1. */
  readonly axis?: number;
}

/** The part of positions in which both have the same largest logit, 0 to 1. */
export function agreement(options: AgreementOptions): Metric {
  return meanOverRows(options, (row, given) => {
    const own = largest(row);
    return own >= 0 && own === largest(given) ? 1 : 0;
  });
}

export interface MeanDivergenceOptions extends AgreementOptions {
  /** Both logits are divided by it. Default 1. */
  readonly temperature?: number;
}

/** The mean over positions of KL(softmax(teacher / T) || softmax(logits / T)), in nats: `distill` without its factor T^2. */
export function meanDivergence(options: MeanDivergenceOptions): Metric {
  return meanOverRows(options, (row, given) => {
    const [p, q] = [row, given].map((each) => logProbabilities(each, options.temperature));
    return q!.reduce(
      (sum, x, c) => (x === Number.NEGATIVE_INFINITY ? sum : sum + Math.exp(x) * (x - p![c]!)),
      0,
    );
  });
}

function meanOverRows(
  { logits, teacher = "teacher", axis = -1 }: AgreementOptions,
  of: (row: Float64Array, teacher: Float64Array) => number,
): Metric {
  function* numbers(z: HostTensor, given: HostTensor): Generator<number> {
    checkShape(teacher, given, z.shape);
    const rows = rowsOf(given, axis);
    for (const row of rowsOf(z, axis)) {
      const { value } = rows.next();
      if (value !== undefined) yield of(row, value);
    }
  }
  return meanOf(logits, teacher, numbers);
}
