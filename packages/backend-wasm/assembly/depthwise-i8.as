// Depthwise convolution on 8-bit codes, channels last, with int32 sums and 8-bit results.
import { Geometry } from "./geometry";
import { codeOffset, narrow16, requantize4 } from "./requantize";
import { scratch } from "./simd";

/** Scratch: a block of results that is not whole, then the addresses of the taps. */
const TAPS: usize = 64;

/** Addresses of the taps of a window, `zeros` for those in the padding and for those that fill up the last group. */
function addressTaps(g: Geometry, image: usize, top: i32, left: i32, zeros: usize, count: i32): void {
  let at = scratch + TAPS;
  const pixel: usize = g.channels;
  const line: usize = g.width * g.channels;
  for (let i = 0; i < g.kernelHeight; i++) {
    const h = top + i * g.dilationDown;
    const from = image + h * line;
    const inside = h >= 0 && h < g.height;
    for (let j = 0; j < g.kernelWidth; j++, at += 4) {
      const w = left + j * g.dilationAcross;
      store<usize>(at, inside && w >= 0 && w < g.width ? from + w * pixel : zeros);
    }
  }
  const end = scratch + TAPS + (count << 2);
  for (; at < end; at += 4) store<usize>(at, zeros);
}

// @ts-ignore: decorator
@inline
function tapAt(index: i32, c: i32): v128 {
  return v128.load(load<usize>(scratch + TAPS + (index << 2)) + c);
}

/** Stores sixteen bytes, or as many as there are channels left. */
// @ts-ignore: decorator
@inline
function store16(y: usize, codes: v128, left: i32): void {
  if (left >= 16) {
    v128.store(y, codes);
    return;
  }
  v128.store(scratch, codes);
  for (let i = 0; i < left; i++) store<u8>(y + i, load<u8>(scratch + i));
}

/**
 * With the relaxed dot product: four taps of four channels at a time. [begin, end) counts output lines over the batch.
 * w: for every four taps and four channels, [channel][tap] bytes; channels filled up to `padded`, taps to `taps`.
 * init, multipliers: one for each of `padded` channels. zeros: a position of the padding. flip: bits that turn codes of
 * x into those that the dot product takes. low, high: codes less the zero point.
 */
export function depthwiseDot(begin: i32, end: i32, x: usize, geometry: usize, w: usize, taps: i32, init: usize, multipliers: usize, y: usize, padded: i32, zeros: usize, flip: i32, low: f32, high: f32, zeroPoint: i32, signed: i32): void {
  // @ts-ignore: a constant of the build
  if (!RELAXED) return;
  const g = changetype<Geometry>(geometry);
  const flips = i8x16.splat(<i8>flip);
  const lows = f32x4.splat(low), highs = f32x4.splat(high), offset = codeOffset(zeroPoint);
  const groupBytes: usize = <usize>padded << 2;
  for (let n = begin; n < end; n++) {
    const imageIndex = n / g.outHeight;
    const image = x + imageIndex * g.height * g.width * g.channels;
    const top = (n - imageIndex * g.outHeight) * g.strideDown - g.padTop;
    let to = y + (<usize>n * g.outWidth) * g.channels;
    for (let column = 0; column < g.outWidth; column++) {
      addressTaps(g, image, top, column * g.strideAcross - g.padLeft, zeros, taps);
      for (let c = 0; c < g.channels; c += 16) {
        const start = init + (c << 2);
        let s0 = v128.load(start), s1 = v128.load(start, 16), s2 = v128.load(start, 32), s3 = v128.load(start, 48);
        let weights = w + (c << 2);
        for (let tap = 0; tap < taps; tap += 4) {
          const x0 = v128.xor(tapAt(tap, c), flips);
          const x1 = v128.xor(tapAt(tap + 1, c), flips);
          const x2 = v128.xor(tapAt(tap + 2, c), flips);
          const x3 = v128.xor(tapAt(tap + 3, c), flips);
          // Bytes of two taps side by side, then of all four.
          const a0 = v128.shuffle<i8>(x0, x1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          const a1 = v128.shuffle<i8>(x0, x1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
          const b0 = v128.shuffle<i8>(x2, x3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          const b1 = v128.shuffle<i8>(x2, x3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
          s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(weights), v128.shuffle<i16>(a0, b0, 0, 8, 1, 9, 2, 10, 3, 11), s0);
          s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(weights, 16), v128.shuffle<i16>(a0, b0, 4, 12, 5, 13, 6, 14, 7, 15), s1);
          s2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(weights, 32), v128.shuffle<i16>(a1, b1, 0, 8, 1, 9, 2, 10, 3, 11), s2);
          s3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(weights, 48), v128.shuffle<i16>(a1, b1, 4, 12, 5, 13, 6, 14, 7, 15), s3);
          weights += groupBytes;
        }
        const m = multipliers + (c << 2);
        s0 = requantize4(s0, v128.load(m), lows, highs, offset);
        s1 = requantize4(s1, v128.load(m, 16), lows, highs, offset);
        s2 = requantize4(s2, v128.load(m, 32), lows, highs, offset);
        s3 = requantize4(s3, v128.load(m, 48), lows, highs, offset);
        store16(to + c, narrow16(s0, s1, s2, s3, signed), g.channels - c);
      }
      to += g.channels;
    }
  }
}

/**
 * The same with products of 16 bits, two taps of eight channels at a time: exact whatever the codes. w: for every two
 * taps and eight channels, [channel][tap] int16; taps filled up to an even number. signedX: whether x is int8.
 */
export function depthwiseWide(begin: i32, end: i32, x: usize, geometry: usize, w: usize, taps: i32, init: usize, multipliers: usize, y: usize, padded: i32, zeros: usize, signedX: i32, low: f32, high: f32, zeroPoint: i32, signed: i32): void {
  const g = changetype<Geometry>(geometry);
  const lows = f32x4.splat(low), highs = f32x4.splat(high), offset = codeOffset(zeroPoint);
  const pairBytes: usize = <usize>padded << 2;
  for (let n = begin; n < end; n++) {
    const imageIndex = n / g.outHeight;
    const image = x + imageIndex * g.height * g.width * g.channels;
    const top = (n - imageIndex * g.outHeight) * g.strideDown - g.padTop;
    let to = y + (<usize>n * g.outWidth) * g.channels;
    for (let column = 0; column < g.outWidth; column++) {
      addressTaps(g, image, top, column * g.strideAcross - g.padLeft, zeros, taps);
      for (let c = 0; c < g.channels; c += 16) {
        const start = init + (c << 2);
        let s0 = v128.load(start), s1 = v128.load(start, 16), s2 = v128.load(start, 32), s3 = v128.load(start, 48);
        let weights = w + (c << 2);
        for (let tap = 0; tap < taps; tap += 2) {
          const x0 = tapAt(tap, c), x1 = tapAt(tap + 1, c);
          const a0 = signedX ? i16x8.extend_low_i8x16_s(x0) : i16x8.extend_low_i8x16_u(x0);
          const a1 = signedX ? i16x8.extend_high_i8x16_s(x0) : i16x8.extend_high_i8x16_u(x0);
          const b0 = signedX ? i16x8.extend_low_i8x16_s(x1) : i16x8.extend_low_i8x16_u(x1);
          const b1 = signedX ? i16x8.extend_high_i8x16_s(x1) : i16x8.extend_high_i8x16_u(x1);
          s0 = i32x4.add(s0, i32x4.dot_i16x8_s(v128.load(weights), v128.shuffle<i16>(a0, b0, 0, 8, 1, 9, 2, 10, 3, 11)));
          s1 = i32x4.add(s1, i32x4.dot_i16x8_s(v128.load(weights, 16), v128.shuffle<i16>(a0, b0, 4, 12, 5, 13, 6, 14, 7, 15)));
          s2 = i32x4.add(s2, i32x4.dot_i16x8_s(v128.load(weights, 32), v128.shuffle<i16>(a1, b1, 0, 8, 1, 9, 2, 10, 3, 11)));
          s3 = i32x4.add(s3, i32x4.dot_i16x8_s(v128.load(weights, 48), v128.shuffle<i16>(a1, b1, 4, 12, 5, 13, 6, 14, 7, 15)));
          weights += pairBytes;
        }
        const m = multipliers + (c << 2);
        s0 = requantize4(s0, v128.load(m), lows, highs, offset);
        s1 = requantize4(s1, v128.load(m, 16), lows, highs, offset);
        s2 = requantize4(s2, v128.load(m, 32), lows, highs, offset);
        s3 = requantize4(s3, v128.load(m, 48), lows, highs, offset);
        store16(to + c, narrow16(s0, s1, s2, s3, signed), g.channels - c);
      }
      to += g.channels;
    }
  }
}

/**
 * 3x3 filters whose columns are neighbours, with the relaxed dot product: three codes one above the other are brought
 * together once, and are in three sums. w: for every column of the filter and four channels, [channel][row] bytes with
 * a fourth row of zeros. The rest is as for depthwiseDot.
 */
export function depthwiseDot3x3(begin: i32, end: i32, x: usize, geometry: usize, w: usize, init: usize, multipliers: usize, y: usize, padded: i32, zeros: usize, flip: i32, low: f32, high: f32, zeroPoint: i32, signed: i32): void {
  // @ts-ignore: a constant of the build
  if (!RELAXED) return;
  const g = changetype<Geometry>(geometry);
  const flips = i8x16.splat(<i8>flip);
  const lows = f32x4.splat(low), highs = f32x4.splat(high), offset = codeOffset(zeroPoint);
  const outside = v128.xor(v128.load_splat<u8>(zeros), flips);
  const lineBytes = g.width * g.channels;
  const columnBytes: usize = <usize>padded << 2;
  for (let n = begin; n < end; n++) {
    const imageIndex = n / g.outHeight;
    const image = x + imageIndex * g.height * lineBytes;
    const top = (n - imageIndex * g.outHeight) * g.strideDown - g.padTop;
    for (let c = 0; c < g.channels; c += 8) {
      // A line outside of the image is one position of zeros, over and over.
      const inside0 = top >= 0 && top < g.height;
      const inside1 = top + g.dilationDown >= 0 && top + g.dilationDown < g.height;
      const inside2 = top + 2 * g.dilationDown >= 0 && top + 2 * g.dilationDown < g.height;
      let p0 = inside0 ? image + top * lineBytes + c : zeros;
      let p1 = inside1 ? image + (top + g.dilationDown) * lineBytes + c : zeros;
      let p2 = inside2 ? image + (top + 2 * g.dilationDown) * lineBytes + c : zeros;
      const step0 = inside0 ? g.channels : 0, step1 = inside1 ? g.channels : 0, step2 = inside2 ? g.channels : 0;
      const w0 = w + (c << 2), w1 = w0 + columnBytes, w2 = w1 + columnBytes;
      const start = init + (c << 2);
      const low0 = v128.load(start), high0 = v128.load(start, 16);
      const m0 = v128.load(multipliers + (c << 2)), m1 = v128.load(multipliers + (c << 2), 16);
      const left = g.channels - c;
      let to = y + (<usize>n * g.outWidth) * g.channels + c;
      // Sums of the output that this column completes, of the next, and of the one after that.
      let a0 = low0, a1 = high0, b0 = low0, b1 = high0;
      const last = g.outWidth + 2 - g.padLeft;
      for (let column = -g.padLeft; column < last; column++) {
        let v0 = outside, v1 = outside;
        if (column >= 0 && column < g.width) {
          const upper = v128.shuffle<i8>(v128.load64_zero(p0), v128.load64_zero(p1), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          const lower = v128.shuffle<i8>(v128.load64_zero(p2), outside, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          v0 = v128.xor(v128.shuffle<i16>(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11), flips);
          v1 = v128.xor(v128.shuffle<i16>(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), flips);
          p0 += step0;
          p1 += step1;
          p2 += step2;
        }
        a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w2), v0, a0);
        a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w2, 16), v1, a1);
        if (column >= 2 - g.padLeft) {
          a0 = requantize4(a0, m0, lows, highs, offset);
          a1 = requantize4(a1, m1, lows, highs, offset);
          const codes = narrow16(a0, a1, a0, a1, signed);
          if (left >= 8) v128.store64_lane(to, codes, 0);
          else store16(to, codes, left);
          to += g.channels;
        }
        a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w1), v0, b0);
        a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w1, 16), v1, b1);
        b0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w0), v0, low0);
        b1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w0, 16), v1, high0);
      }
    }
  }
}
