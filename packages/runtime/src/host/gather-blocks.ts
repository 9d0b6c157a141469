/** Rows of a table of codes in blocks, as numbers: only what is picked is decoded, the table may be large. */
import { IndexError } from "@bitbudget/backend";
import { decode, dtypes, elementCount, type HostTensor } from "@bitbudget/core";

export interface BlockTable {
  readonly codes: HostTensor;
  /** Shape of the codes with `quantizeAxis` divided by the block size. */
  readonly scales: HostTensor;
  /** Like the scales; a number stands for all. */
  readonly zeroPoints: HostTensor | number;
  readonly quantizeAxis: number;
  readonly blockSize: number;
}

/** (code - zero point) * scale at the indices along an axis, [...before, ...indices, ...after] of the axis. */
export function gatherBlocks(
  { codes, scales, zeroPoints, quantizeAxis, blockSize }: BlockTable,
  indices: ArrayLike<number>,
  axis: number,
): Float64Array {
  const { shape } = codes;
  const length = shape[axis] ?? 0;
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const quantized = shape[quantizeAxis] ?? 0;
  const blocks = scales.shape[quantizeAxis] ?? 0;
  const step = elementCount(shape.slice(quantizeAxis + 1));
  const out = new Float64Array(outer * indices.length * inner);
  for (let o = 0, at = 0; o < outer; o++)
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]! < 0 ? indices[i]! + length : indices[i]!;
      if (!(index >= 0 && index < length)) throw new IndexError(indices[i]!, i, length);
      const start = (o * length + index) * inner;
      for (let position = start; position < start + inner; position++, at++) {
        const row = Math.floor(position / (quantized * step));
        const block = Math.floor((Math.floor(position / step) % quantized) / blockSize);
        const group = (row * blocks + block) * step + (position % step);
        const zero = typeof zeroPoints === "number" ? zeroPoints : numberAt(zeroPoints, group);
        out[at] = (numberAt(codes, position) - zero) * numberAt(scales, group);
      }
    }
  return out;
}

/** One element of a tensor. */
function numberAt({ dtype, data }: HostTensor, position: number): number {
  const info = dtypes[dtype];
  if (info.bits >= 8) return decode(dtype, data[position]!);
  const bit = position * info.bits;
  const code = (Number(data[Math.floor(bit / 8)]) >> (bit % 8)) & (2 ** info.bits - 1);
  return info.kind === "integer" && code > info.max ? code - 2 ** info.bits : code;
}
