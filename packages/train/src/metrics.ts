/** What a model is measured by: sums over batches, on the host. */
import { elementCount, type HostTensor, normalizeAxis, ShapeError, valuesOf } from "@bitbudget/core";
import { FeedError, type Results } from "@bitbudget/runtime";
import type { Batch } from "./batch.ts";

export interface Metric {
  /** Names of values of the model that it looks at. */
  readonly values: readonly string[];
  start(): Measurement;
}

export interface Measurement {
  /** @param values of the model for the feeds of a batch */
  add(values: Results, batch: Batch): void;
  /** Of everything that was added; NaN if that was nothing. */
  result(): number;
}

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
 * The part of labels that are among the largest logits, 0 to 1: of images, or of next tokens. Of equal logits the class
 * with the smaller number is the larger one, as in ArgMax; NaN is right for no label.
 */
export function accuracy(options: AccuracyOptions): Metric {
  const { top = 1 } = options;
  return meanOverLabels(options, (z, label) => (rank(z, label) < top ? 1 : 0));
}

export type MeanCrossEntropyOptions = Omit<AccuracyOptions, "top">;

/** The mean over labels of -log softmax(logits)[label], in nats. exp of it is the perplexity. */
export function meanCrossEntropy(options: MeanCrossEntropyOptions): Metric {
  return meanOverLabels(options, (z, label) => {
    const largest = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    return Math.log(z.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest - z[label]!;
  });
}

export interface MeanSquareOptions {
  /** Name of a value of the model. */
  readonly output: string;
  /** Name of the target, of the same shape. Default "target". */
  readonly target?: string;
}

/** The mean of (output - target)^2. */
export function meanSquare({ output, target = "target" }: MeanSquareOptions): Metric {
  return {
    values: [output],
    start: () => {
      let [sum, count] = [0, 0];
      return {
        add: (values, { targets }) => {
          const [y, expected] = [values[output]!, targets[target]];
          if (expected === undefined) throw new FeedError(target, "is missing among the targets of a batch");
          if (y.shape.join() !== expected.shape.join())
            throw new FeedError(
              target,
              `is [${expected.shape.join(", ")}], and the output [${y.shape.join(", ")}]`,
            );
          const each = valuesOf(expected);
          valuesOf(y).forEach((value, i) => {
            sum += (value - each[i]!) ** 2;
          });
          count += each.length;
        },
        result: () => sum / count,
      };
    },
  };
}

/** @param of the logits of one position, and its label */
function meanOverLabels(
  { logits, labels = "labels", axis = -1, ignore }: AccuracyOptions,
  of: (z: Float64Array, label: number) => number,
): Metric {
  return {
    values: [logits],
    start: () => {
      let [sum, count] = [0, 0];
      return {
        add: (values, { targets }) => {
          const given = targets[labels];
          if (given === undefined) throw new FeedError(labels, "is missing among the targets of a batch");
          for (const [z, label] of positions(values[logits]!, given, axis)) {
            if (label === ignore) continue;
            if (!(label >= 0 && label < z.length))
              throw new FeedError(labels, `has the label ${label}, and the model ${z.length} classes`);
            sum += of(z, label);
            count++;
          }
        },
        result: () => sum / count,
      };
    },
  };
}

/** Each position's logits and label. */
function* positions(
  logits: HostTensor,
  labels: HostTensor,
  given: number,
): Generator<readonly [Float64Array, number]> {
  const axis = normalizeAxis(given, logits.shape.length);
  const expected = logits.shape.toSpliced(axis, 1);
  if (labels.shape.join() !== expected.join())
    throw new ShapeError(
      `labels of the shape [${labels.shape.join(", ")}] do not fit logits of [${logits.shape.join(", ")}]; they need [${expected.join(", ")}]`,
      labels.shape,
    );
  const classes = logits.shape[axis]!;
  const inner = elementCount(logits.shape.slice(axis + 1));
  const [all, each] = [valuesOf(logits), valuesOf(labels)];
  const z = new Float64Array(classes);
  for (let i = 0; i < each.length; i++) {
    const start = Math.floor(i / inner) * classes * inner + (i % inner);
    for (let c = 0; c < classes; c++) z[c] = Number(all[start + c * inner]);
    yield [z, Number(each[i])];
  }
}

/** How many classes stand before one. */
function rank(z: Float64Array, label: number): number {
  const own = z[label]!;
  let before = 0;
  for (let c = 0; c < z.length; c++)
    if (c !== label && !(z[c]! < own || (z[c]! === own && c > label))) before++;
  return Number.isNaN(own) ? z.length : before;
}
