// Weights of 16 bits or less become floats: codes in blocks, float16 and bfloat16. src/weighted/pack-blocks.ts and
// src/weighted/half.ts have the layouts.

/** How packed weights lie in memory. src/weighted/decoded.ts writes it, in this order. */
@unmanaged
export class Packed {
  /** 8, 4, 2: codes in blocks. 16: float16. 17: bfloat16. */
  format: i32;
  /** Terms of a block, and quads of terms that it takes. */
  size: i32;
  quads: i32;
  /** Whether each block of a channel has a zero point, or else the one of all. */
  zeroPoints: i32;
  zeroPoint: i32;
  /** Bytes of a panel of 8 channels. */
  panelBytes: usize;
}

/**
 * Constants in memory, to be loaded before a loop: V8 makes those in the code anew in every turn. They are the upper half of
 * 2^23 as a float, twice; masks of codes of 2 and 4 bits; sign, exponent and mantissa of a float16 three bits from the top of
 * a word; and 2^112, from the exponents of float16 to those of float32.
 */
const CONSTANTS = memory.data<u32>([0x4b004b00, 0x03030303, 0x0c0c0c0c, 0x0f0f0f0f, 0x8fffe000, 0x77800000]);

// @ts-ignore: decorator
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(CONSTANTS + (i << 2));
}

/** To be passed to `number`. */
// @ts-ignore: decorator
@inline
export function upperHalf(): v128 {
  return constant(0);
}

/** To be passed to `codes`: of the first half of the channels, and of the second. */
// @ts-ignore: decorator
@inline
export function codeMask(bits: i32, half: i32): v128 {
  return constant(bits == 4 ? 3 : 1 + half);
}

/** To be passed to `half`. */
// @ts-ignore: decorator
@inline
export function halfMask(): v128 {
  return constant(4);
}

/** To be passed to `half`. */
// @ts-ignore: decorator
@inline
export function halfScale(): v128 {
  return constant(5);
}

export function bytesOfBlock(p: Packed): usize {
  return 32 + (p.zeroPoints ? 32 : 0) + p.quads * p.format * 4;
}

/** 2^23 + zero point of 4 channels: what is subtracted from codes in the low bits of a float of 2^23. */
// @ts-ignore: decorator
@inline
export function offset(p: Packed, block: usize, half: i32): v128 {
  if (p.zeroPoints) return v128.or(v128.and(v128.load(block + (half << 4)), i32x4.splat(0xffff)), i32x4.splat(0x4b000000));
  // 2-bit codes of the second half count four times.
  return i32x4.splat(0x4b000000 + (p.format == 2 && half ? p.zeroPoint << 2 : p.zeroPoint));
}

/** Codes of 4 terms of 4 channels, in bytes [term][channel], from a step of 8 terms. `bits` is a constant. */
// @ts-ignore: decorator
@inline
export function codes(bits: i32, step: usize, quad: i32, half: i32, mask: v128): v128 {
  if (bits == 8) return v128.load(step + (quad << 5) + (half << 4));
  if (bits == 4) {
    const pair = v128.load(step + (quad << 4));
    return v128.and(half ? i16x8.shr_u(pair, 4) : pair, mask);
  }
  const four = v128.load(step);
  return v128.and(quad ? i16x8.shr_u(four, 4) : four, mask);
}

/** Codes of term `k` as code - zero point. */
// @ts-ignore: decorator
@inline
export function number(bytes: v128, k: i32, upper: v128, offset: v128): v128 {
  const words = k < 2 ? i16x8.extend_low_i8x16_u(bytes) : i16x8.extend_high_i8x16_u(bytes);
  return f32x4.sub(k & 1 ? high16(words, upper) : low16(words, upper), offset);
}

// @ts-ignore: decorator
@inline
function low16(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function high16(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** 4 of 8 numbers of 16 bits, the first or the second half, as float32. */
// @ts-ignore: decorator
@inline
export function half(format: i32, eight: v128, second: i32, mask: v128, scale: v128): v128 {
  const zero = i32x4.splat(0);
  const upper = second ? high16(zero, eight) : low16(zero, eight);
  if (format == 17) return upper;
  // Sign, exponent and mantissa where float32 has them; the product is exact for numbers below normal too.
  return f32x4.mul(v128.and(i32x4.shr_s(upper, 3), mask), scale);
}

/** Terms [k, k + terms) of a panel as floats [term][8], and up to 7 terms more. In blocks, k is at a step of 8 terms. */
export function decodePanel(p: Packed, panel: usize, k: i32, terms: i32, to: usize): void {
  if (p.format >= 16) {
    const from = panel + (k << 4);
    if (p.format == 16) decodeHalves(16, from, terms, to);
    else decodeHalves(17, from, terms, to);
    return;
  }
  const blockBytes = bytesOfBlock(p);
  let block = panel + (k / p.size) * blockBytes;
  let first = k % p.size;
  for (const end = to + (terms << 5); to < end; ) {
    const count = min(p.size - first, <i32>(end - to) >> 5);
    const scales = block + blockBytes - 32;
    const step = block + (p.zeroPoints ? 32 : 0) + first * p.format;
    if (p.format == 8) decodeCodes(8, p, block, step, scales, count, to);
    else if (p.format == 4) decodeCodes(4, p, block, step, scales, count, to);
    else decodeCodes(2, p, block, step, scales, count, to);
    to += count << 5;
    block += blockBytes;
    first = 0;
  }
}

// @ts-ignore: decorator
@inline
function decodeCodes(bits: i32, p: Packed, block: usize, step: usize, scales: usize, count: i32, to: usize): void {
  const offset0 = offset(p, block, 0), offset1 = offset(p, block, 1);
  const scale0 = v128.load(scales), scale1 = v128.load(scales, 16);
  const mask0 = codeMask(bits, 0), mask1 = codeMask(bits, 1), upper = upperHalf();
  for (; count > 0; count -= 8, step += bits << 3, to += 256) {
    storeQuad(codes(bits, step, 0, 0, mask0), upper, offset0, scale0, to);
    storeQuad(codes(bits, step, 0, 1, mask1), upper, offset1, scale1, to + 16);
    storeQuad(codes(bits, step, 1, 0, mask0), upper, offset0, scale0, to + 128);
    storeQuad(codes(bits, step, 1, 1, mask1), upper, offset1, scale1, to + 144);
  }
}

// @ts-ignore: decorator
@inline
function storeQuad(bytes: v128, upper: v128, offset: v128, scale: v128, to: usize): void {
  v128.store(to, f32x4.mul(number(bytes, 0, upper, offset), scale));
  v128.store(to, f32x4.mul(number(bytes, 1, upper, offset), scale), 32);
  v128.store(to, f32x4.mul(number(bytes, 2, upper, offset), scale), 64);
  v128.store(to, f32x4.mul(number(bytes, 3, upper, offset), scale), 96);
}

// @ts-ignore: decorator
@inline
function decodeHalves(format: i32, from: usize, terms: i32, to: usize): void {
  const mask = halfMask(), scale = halfScale();
  for (; terms > 0; terms--, from += 16, to += 32) {
    const eight = v128.load(from);
    v128.store(to, half(format, eight, 0, mask, scale));
    v128.store(to, half(format, eight, 1, mask, scale), 16);
  }
}
