// Activations on their way into products of codes (assembly/product-i8.as): 8-bit codes as the dot product of the machine takes
// them, or widened to 16 bits, less their zero point.

/** Bytes with their top bit flipped: uint8 codes as int8 ones, less 128, or the other way round. [begin, end) counts vectors of 16. */
export function flipCodes(begin: i32, end: i32, x: usize, y: usize): void {
  const top = i8x16.splat(-128);
  for (let i: usize = <usize>begin << 4; i < <usize>end << 4; i += 16) v128.store(y + i, v128.xor(v128.load(x + i), top));
}

/** Codes as 16-bit integers, less `zero`. [begin, end) counts vectors of 16 codes. */
export function widenCodes(begin: i32, end: i32, x: usize, y: usize, signed: i32, zero: i32): void {
  const offset = i16x8.splat(<i16>zero);
  // Sign extension less 128 and zero extension differ by the top bit alone.
  const flip = i8x16.splat(signed ? -128 : 0);
  const from = i16x8.add(offset, i16x8.splat(signed ? 128 : 0));
  for (let i: usize = <usize>begin << 4; i < <usize>end << 4; i += 16) {
    const codes = v128.xor(v128.load(x + i), flip);
    v128.store(y + (i << 1), i16x8.sub(i16x8.extend_low_i8x16_u(codes), from));
    v128.store(y + (i << 1), i16x8.sub(i16x8.extend_high_i8x16_u(codes), from), 16);
  }
}
