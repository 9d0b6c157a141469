/** Predictions of a classifier: where they are, and how many are the same. */
import { elementCount, type HostTensor, normalizeAxis, valuesOf } from "@bitbudget/core";

export interface PredictionOptions {
  /** Name of an output. Default: the first one. */
  readonly output?: string;
  /** Axis of the classes. Default -1. */
  readonly axis?: number;
}

export interface Agreement {
  readonly same: number;
  readonly of: number;
}

/** Place of the largest number along the axis, the first one of several, as in ArgMax; -1 where there is none. */
export function predictionsOf(scores: HostTensor, given = -1): Int32Array {
  const { shape } = scores;
  if (shape.length === 0) return new Int32Array(0);
  const axis = normalizeAxis(given, shape.length);
  const classes = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const values = valuesOf(scores);
  return Int32Array.from({ length: classes === 0 ? 0 : values.length / classes }, (_, i) => {
    const start = Math.floor(i / inner) * classes * inner + (i % inner);
    let [best, top] = [-1, Number.NEGATIVE_INFINITY];
    for (let c = 0; c < classes; c++) {
      const x = values[start + c * inner]!;
      if (x > top) [best, top] = [c, x];
    }
    return best;
  });
}

/** Counts equal predictions over batches. */
export class AgreementSums {
  #same = 0;
  #of = 0;

  add(a: Int32Array, b: Int32Array): void {
    for (let i = 0; i < b.length; i++) if (a[i] === b[i]) this.#same++;
    this.#of += b.length;
  }

  result(): Agreement {
    return { same: this.#same, of: this.#of };
  }
}
