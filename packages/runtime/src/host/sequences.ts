/** Where the elements of sequences come from that are reversed in part (ONNX ReverseSequence). */
import { elementCount } from "@bitbudget/core";

/**
 * Positions of the elements when the first `lengths[b]` steps of each sequence are reversed.
 * @param time the axis of steps, 0 or 1; the other of the two counts the batch
 */
export function reversedPositions(
  shape: readonly number[],
  lengths: ArrayLike<number>,
  time: number,
): Int32Array<ArrayBuffer> {
  const [outer = 0, middle = 0, ...rest] = shape;
  const inner = elementCount(rest);
  const positions = new Int32Array(outer * middle * inner);
  let at = 0;
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < middle; j++) {
      const [step, batch] = time === 0 ? [i, j] : [j, i];
      const length = lengths[batch] ?? 0;
      const from = step < length ? length - 1 - step : step;
      const start = (time === 0 ? from * middle + batch : batch * middle + from) * inner;
      for (let k = 0; k < inner; k++) positions[at++] = start + k;
    }
  return positions;
}
