// Functions that a product applies to its sums. The codes are those of src/functions.ts.

/** In place, `count` floats. fn 0: none; 1: relu; 2: clip to [alpha, beta]. */
export function activate(fn: i32, alpha: f32, beta: f32, p: usize, count: i32): void {
  const low = f32x4.splat(fn == 1 ? 0 : alpha);
  const high = f32x4.splat(fn == 1 ? Infinity : beta);
  const zero = zeroFor(fn == 1 ? 0 : alpha);
  const end = p + (count << 2);
  for (; p + 16 <= end; p += 16) v128.store(p, clamp(v128.load(p), low, high, zero));
  for (; p < end; p += 4) store<f32>(p, f32x4.extract_lane(clamp(f32x4.splat(load<f32>(p)), low, high, zero), 0));
}

/** What `clamp` adds: 0 turns -0 into 0, as the lower bound 0 does, and -0 changes nothing. */
export function zeroFor(low: f32): v128 {
  return f32x4.splat(low == 0 ? 0.0 : -0.0);
}

/** Three instructions where f32x4.min and max take a dozen. NaN stays: pmin and pmax keep their first operand then. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: v128, high: v128, zero: v128): v128 {
  return f32x4.add(f32x4.pmin(f32x4.pmax(x, low), high), zero);
}
