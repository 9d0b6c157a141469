// What the relaxed dot product of this engine computes.

/** Sum of four products a * b, b being a whole byte where only 7 bits are specified. */
export function probeDot(a: i32, b: i32): i32 {
  // @ts-ignore: a constant of the build
  if (RELAXED)
    return i32x4.extract_lane(
      i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(<i8>a), i8x16.splat(<i8>b), i32x4.splat(0)),
      0,
    );
  return 0;
}
