// Numbers held between two bounds.

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
