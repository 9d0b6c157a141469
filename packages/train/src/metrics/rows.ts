/** Logits as rows: all classes of one position, whichever axis they are along. */
import { elementCount, type HostTensor, normalizeAxis, valuesOf } from "@bitbudget/core";

/** The shape without the classes. */
export function positionsOf({ shape }: HostTensor, axis: number): number[] {
  return shape.toSpliced(normalizeAxis(axis, shape.length), 1);
}

/** One after the other, in one array that is filled anew for each. */
export function* rowsOf(logits: HostTensor, given: number): Generator<Float64Array> {
  const axis = normalizeAxis(given, logits.shape.length);
  const classes = logits.shape[axis]!;
  const inner = elementCount(logits.shape.slice(axis + 1));
  const values = valuesOf(logits);
  const row = new Float64Array(classes);
  for (let i = 0; i < elementCount(positionsOf(logits, axis)); i++) {
    const start = Math.floor(i / inner) * classes * inner + (i % inner);
    for (let c = 0; c < classes; c++) row[c] = values[start + c * inner]!;
    yield row;
  }
}

/** How many classes stand before one: equal ones in the order of their numbers, as in ArgMax. All, for NaN. */
export function rank(row: Float64Array, label: number): number {
  const own = row[label]!;
  let before = 0;
  for (let c = 0; c < row.length; c++)
    if (c !== label && !(row[c]! < own || (row[c]! === own && c > label))) before++;
  return Number.isNaN(own) ? row.length : before;
}

/** The class that stands before all others; -1 where there is NaN. */
export function largest(row: Float64Array): number {
  return row.findIndex((_, c) => rank(row, c) === 0);
}

/** log softmax, of logits divided by a temperature. */
export function logProbabilities(row: Float64Array, temperature = 1): Float64Array {
  const scaled = row.map((x) => x / temperature);
  const top = scaled.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = Math.log(scaled.reduce((sum, x) => sum + Math.exp(x - top), 0)) + top;
  return scaled.map((x) => x - total);
}
