/** What a model gets for each sample, so that there are intervals of its mean and of its difference from another model. */
import { elementCount, type HostTensor, valuesOf } from "@bitbudget/core";
import type { Batch } from "@bitbudget/data";
import { accuracy, type Metric, meanCrossEntropy, meanDivergence } from "@bitbudget/train";

export const metricNames = ["accuracy", "top5", "nats", "divergence"] as const;
export type MetricName = (typeof metricNames)[number];

/** A label that does not count: what follows the last token. */
const IGNORE = -100;

export interface Place {
  /** Name of an output. */
  readonly logits: string;
  /** Axis of the classes. */
  readonly axis: number;
}

export function metricOf(name: MetricName, { logits, axis }: Place): Metric {
  const options = { logits, axis, ignore: IGNORE };
  switch (name) {
    case "accuracy":
      return accuracy(options);
    case "top5":
      return accuracy({ ...options, top: 5 });
    case "nats":
      return meanCrossEntropy(options);
    case "divergence":
      return meanDivergence({ logits, axis });
  }
}

/** For each sample the sum over its labels, and how many count: one for an image, many for a text. */
export class Scores {
  readonly sums: number[] = [];
  readonly counts: number[] = [];
  readonly #metric: Metric;
  readonly #place: Place;

  constructor(metric: Metric, place: Place) {
    this.#metric = metric;
    this.#place = place;
  }

  /** @param values of the model for the feeds of the batch */
  add(values: Readonly<Record<string, HostTensor>>, { feeds, targets }: Batch): void {
    const logits = values[this.#place.logits]!;
    const samples = logits.shape[0] ?? 0;
    for (let i = 0; i < samples; i++) {
      const row = rowAt(logits, i);
      const own = Object.fromEntries(Object.entries(targets).map(([name, each]) => [name, rowAt(each, i)]));
      const count = countOf(own.labels) ?? elementCount(row.shape) / (row.shape.at(this.#place.axis) ?? 1);
      const measurement = this.#metric.start();
      measurement.add({ [this.#place.logits]: row }, { feeds, targets: own });
      this.sums.push(count === 0 ? 0 : measurement.result() * count);
      this.counts.push(count);
    }
  }
}

function countOf(labels: HostTensor | undefined): number | undefined {
  return labels && Array.from(valuesOf(labels)).filter((label) => label !== IGNORE).length;
}

/** One sample as a batch, without copying. */
function rowAt({ dtype, shape, data }: HostTensor, i: number): HostTensor {
  const row = shape.slice(1);
  const length = elementCount(row);
  return { dtype, shape: [1, ...row], data: data.subarray(i * length, (i + 1) * length) };
}
