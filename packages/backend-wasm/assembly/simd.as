// What the two builds do differently, and the memory that belongs to one thread.

/** a * b + c: fused in the relaxed build where the machine has it, else rounded twice. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: a constant of the build
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Memory of this thread for packing and partial results, SCRATCH_BYTES of it. Every thread has its own instance, and so its own. */
export let scratch: usize = 0;
/** 64 bytes more, for the end of a row whose last vector has elements that are none. */
export let tail: usize = 0;

export function setScratch(address: usize): void {
  tail = address;
  scratch = address + 64;
}

/** Bytes of `scratch`; with those of `tail` they are the SCRATCH_BYTES of src/context.ts. */
export const SCRATCH_BYTES: usize = (1 << 19) - 64;

/** First byte that the compiler has not used for constants. */
export function heapBase(): usize {
  return __heap_base;
}
