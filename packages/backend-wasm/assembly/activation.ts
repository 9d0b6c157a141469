// Functions that a product applies to its sums. The codes are those of src/functions.ts.

/** In place, `count` floats. fn 0: none; 1: relu; 2: clip to [alpha, beta]. */
export function activate(fn: i32, alpha: f32, beta: f32, p: usize, count: i32): void {
  const low = f32x4.splat(fn == 1 ? 0 : alpha);
  const high = f32x4.splat(fn == 1 ? Infinity : beta);
  const end = p + (count << 2);
  for (; p + 16 <= end; p += 16) v128.store(p, clamp(v128.load(p), low, high));
  for (; p < end; p += 4) store<f32>(p, f32x4.extract_lane(clamp(f32x4.splat(load<f32>(p)), low, high), 0));
}

/** NaN stays, and -0 is less than 0 (docs/numerics.md), which pmin and pmax alone would not keep. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.min(f32x4.max(x, low), high);
}
