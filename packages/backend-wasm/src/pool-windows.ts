/** Where the windows of a pool lie along one axis of an image: the tables that assembly/pool.as reads. */
import type { Pool2dAttributes } from "@bitbudget/backend";

type Windows = Pick<Pool2dAttributes, "kernel" | "strides" | "dilations" | "pads" | "countIncludePad">;

/**
 * For each window: where its first tap in the image lies, how many there are, and how many an average counts.
 * @param axis 0 down, 1 across
 * @param length of the image
 * @param bytes from one position to the next
 */
export function windowsAlong(
  axis: 0 | 1,
  { kernel, strides, dilations, pads, countIncludePad = false }: Windows,
  length: number,
  count: number,
  bytes: number,
): Int32Array {
  const fields: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = i * strides[axis] - pads[axis];
    const positions = Array.from({ length: kernel[axis] }, (_, tap) => start + tap * dilations[axis]);
    const inside = positions.filter((position) => position >= 0 && position < length);
    const counted = countIncludePad
      ? positions.filter((position) => position < length + pads[axis + 2]!)
      : inside;
    fields.push((inside[0] ?? 0) * bytes, inside.length, counted.length);
  }
  return Int32Array.from(fields);
}
