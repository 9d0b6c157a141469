/** Metrics of classes against labels: of images, or of next tokens. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { FeedError } from "@bitbudget/runtime";
import { checkShape, type Metric, meanOf } from "./metric.ts";
import { logProbabilities, positionsOf, rank, rowsOf } from "./rows.ts";

export interface AccuracyOptions {
  /** Name of a value of the model. */
  readonly logits: string;
  /** Name of the target: integers, the shape of the logits without the classes. Default "labels". */
  readonly labels?: string;
  /** Axis of the classes. Default -1. */
  readonly axis?: number;
  /** Among how many of the largest logits the label must be. Default 1. */
  readonly top?: number;
  /** A label that does not count. */
  readonly ignore?: number;
}

/**
 * The part of labels that are among the largest logits, 0 to 1. Of equal logits the class with the smaller number is the
 * larger one, as in ArgMax; NaN is right for no label.
 */
export function accuracy(options: AccuracyOptions): Metric {
  const { top = 1 } = options;
  return meanOverLabels(options, (row, label) => (rank(row, label) < top ? 1 : 0));
}

export type MeanCrossEntropyOptions = Omit<AccuracyOptions, "top">;

/** The mean over labels of -log softmax(logits)[label], in nats. exp of it is the perplexity. */
export function meanCrossEntropy(options: MeanCrossEntropyOptions): Metric {
  return meanOverLabels(options, (row, label) => -logProbabilities(row)[label]!);
}

/** @param of the logits of one position, and its label */
function meanOverLabels(
  { logits, labels = "labels", axis = -1, ignore }: AccuracyOptions,
  of: (row: Float64Array, label: number) => number,
): Metric {
  function* numbers(z: HostTensor, given: HostTensor): Generator<number> {
    checkShape(labels, given, positionsOf(z, axis));
    const each = valuesOf(given);
    let i = 0;
    for (const row of rowsOf(z, axis)) {
      const label = each[i++]!;
      if (label === ignore) continue;
      if (!(label >= 0 && label < row.length))
        throw new FeedError(labels, `has the label ${label}, and the model ${row.length} classes`);
      yield of(row, label);
    }
  }
  return meanOf(logits, labels, numbers);
}
