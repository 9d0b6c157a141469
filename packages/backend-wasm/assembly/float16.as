// Floats of 16 bits as floats of 32, and back with the one rounding (docs/numerics.md, "Formats").

/** Four float16 in the low halves of the lanes. Powers of two do the rounding, also of subnormal numbers (F. Giesen). */
// @ts-ignore: decorator
@inline
export function fromFloat16(h: v128): v128 {
  const magnitude = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  const sign = i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16);
  // 2^112 moves the exponent from one bias to the other.
  const value = f32x4.mul(magnitude, f32x4.splat(5.192296858534828e33));
  const special = v128.and(f32x4.ge(value, f32x4.splat(65536)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(value, special), sign);
}

/** The bits of four float16, in the low halves of the lanes. */
// @ts-ignore: decorator
@inline
export function toFloat16(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff));
  const sign = i32x4.shr_u(v128.xor(x, magnitude), 16);
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const bias = i32x4.splat(((15 - 127) << 23) + 0xfff);
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, bias), odd), 13);
  // Adding 0.5 leaves the multiples of 2^-24 in the low bits.
  const half = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(magnitude, half), half);
  const finite = v128.bitselect(subnormal, normal, f32x4.lt(magnitude, f32x4.splat(6.103515625e-5)));
  const special = v128.bitselect(i32x4.splat(0x7e00), i32x4.splat(0x7c00), f32x4.ne(x, x));
  const isFinite = f32x4.lt(magnitude, f32x4.splat(65536));
  return v128.or(v128.bitselect(finite, special, isFinite), sign);
}

/** The bits of four bfloat16, in the low halves of the lanes. */
// @ts-ignore: decorator
@inline
export function toBfloat16(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), odd), 16);
  return v128.bitselect(i32x4.splat(0x7fc0), rounded, f32x4.ne(x, x));
}
