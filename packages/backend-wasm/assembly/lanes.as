// The lanes of a vector: those at the end of a row that is no multiple of four, and all of them brought together.

/** All bits set in the first `count` lanes. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Stores the first `count` lanes, at most 3. */
// @ts-ignore: decorator
@inline
export function storeLanes(to: usize, x: v128, count: i32): void {
  if (count & 2) {
    v128.store64_lane(to, x, 0);
    if (count & 1) v128.store32_lane(to, x, 2, 8);
  } else if (count & 1) v128.store32_lane(to, x, 0);
}

// @ts-ignore: decorator
@inline
export function sumOfLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<i64>(x, x, 1, 0));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest lane; NaN counts as less than everything. */
// @ts-ignore: decorator
@inline
export function largestLane(x: v128): f32 {
  const known = f32x4.pmax(f32x4.splat(-Infinity), x);
  const pairs = f32x4.pmax(known, v128.shuffle<i64>(known, known, 1, 0));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}
