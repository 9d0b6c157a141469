/**
 * Guard bands: a tensor that lies inside a larger one filled with a pattern. A write that misses it changes the pattern,
 * and an element that no one writes keeps it.
 */
import { type Backend, type Tensor, VIEW_ALIGNMENT } from "@bitbudget/backend";
import { type HostTensor, storageBytes, type TensorType, tensor } from "@bitbudget/core";

/** Patterns that differ in every 2-bit, 4-bit and 8-bit group, so that they differ in every element. */
export const PATTERNS = [0x5a, 0xa5] as const;

/** Bytes of pattern behind a tensor. Before it are one or more alignments of views. */
const BEHIND = VIEW_ALIGNMENT;

export interface Guarded {
  /** The tensor itself: a view into the larger one. */
  readonly tensor: Tensor;
  readonly pattern: number;
  /** Where it begins, in bytes. */
  readonly start: number;
  /** Everything: bands and tensor. */
  readonly whole: Tensor;
}

/** A tensor `alignments` views into memory filled with the pattern, holding `data` where that is given. */
export function guard(
  backend: Backend,
  type: TensorType,
  pattern: number,
  alignments: number,
  data?: HostTensor,
): Guarded {
  const start = alignments * VIEW_ALIGNMENT;
  const bytes = new Uint8Array(start + storageBytes(type.dtype, type.shape) + BEHIND).fill(pattern);
  if (data !== undefined) bytes.set(bytesOf(data), start);
  const whole = backend.create({ dtype: "uint8", shape: [bytes.length] }, bytes);
  return { tensor: backend.view(whole, type, start), pattern, start, whole };
}

/** What a read of guarded memory shows. */
export interface Inspection {
  readonly value: HostTensor;
  /** The first byte of the bands that changed: its offset from the tensor's first byte, and what it is now. */
  readonly stray?: { readonly offset: number; readonly value: number };
}

/** Reads everything back and looks at the bands. */
export async function inspect(
  backend: Backend,
  { tensor: view, pattern, start, whole }: Guarded,
): Promise<Inspection> {
  const { dtype, shape } = view.type;
  const all = bytesOf(await backend.read(whole));
  const end = start + storageBytes(dtype, shape);
  const value = tensor(dtype, shape);
  bytesOf(value).set(all.subarray(start, end));
  const at = all.findIndex((byte, i) => (i < start || i >= end) && byte !== pattern);
  return at === -1 ? { value } : { value, stray: { offset: at - start, value: all[at] ?? 0 } };
}

export function bytesOf({ data }: HostTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
