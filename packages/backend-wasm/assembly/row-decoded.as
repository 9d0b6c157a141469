// One row of floats times a panel of packed weights, which become floats in registers.
import { codeMask, codes, half, halfMask, halfScale, number, offset, Packed, upperHalf } from "./decode";
import { madd } from "./simd";

/** Whether `depth` terms are whole steps of codes. */
export function hasRowPath(p: Packed, depth: i32): bool {
  return p.format >= 16 || ((p.size & 7) == 0 && (depth & 7) == 0);
}

/** to[8] = sum over `depth` terms of x * w. */
export function rowDecoded(p: Packed, x: usize, depth: i32, panel: usize, to: usize): void {
  switch (p.format) {
    case 8: return rowCodes(8, p, x, depth, panel, to);
    case 4: return rowCodes(4, p, x, depth, panel, to);
    case 2: return rowCodes(2, p, x, depth, panel, to);
    case 16: return rowHalves(16, x, depth, panel, to);
    default: return rowHalves(17, x, depth, panel, to);
  }
}

// @ts-ignore: decorator
@inline
function rowCodes(bits: i32, p: Packed, x: usize, depth: i32, panel: usize, to: usize): void {
  const zeroBytes: usize = p.zeroPoints ? 32 : 0;
  const codeBytes: usize = (p.quads * bits) << 2;
  const size = p.size;
  let offset0 = offset(p, panel, 0), offset1 = offset(p, panel, 1);
  const mask0 = codeMask(bits, 0), mask1 = codeMask(bits, 1), upper = upperHalf();
  let y0 = f32x4.splat(0), y1 = f32x4.splat(0);
  for (let w = panel; depth > 0; depth -= size) {
    if (zeroBytes) {
      offset0 = offset(p, w, 0);
      offset1 = offset(p, w, 1);
      w += zeroBytes;
    }
    // Two sums for each half of the channels, so that one need not wait for the other.
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0;
    const scales = w + codeBytes;
    for (const end = w + min(size, depth) * bits; w < end; w += bits << 3, x += 32) {
      a0 = addQuad(a0, codes(bits, w, 0, 0, mask0), upper, offset0, x);
      a1 = addQuad(a1, codes(bits, w, 0, 1, mask1), upper, offset1, x);
      b0 = addQuad(b0, codes(bits, w, 1, 0, mask0), upper, offset0, x + 16);
      b1 = addQuad(b1, codes(bits, w, 1, 1, mask1), upper, offset1, x + 16);
    }
    y0 = madd(f32x4.add(a0, b0), v128.load(scales), y0);
    y1 = madd(f32x4.add(a1, b1), v128.load(scales, 16), y1);
    w = scales + 32;
  }
  v128.store(to, y0);
  v128.store(to, y1, 16);
}

// @ts-ignore: decorator
@inline
function addQuad(sum: v128, bytes: v128, upper: v128, offset: v128, x: usize): v128 {
  sum = madd(v128.load32_splat(x), number(bytes, 0, upper, offset), sum);
  sum = madd(v128.load32_splat(x, 4), number(bytes, 1, upper, offset), sum);
  sum = madd(v128.load32_splat(x, 8), number(bytes, 2, upper, offset), sum);
  return madd(v128.load32_splat(x, 12), number(bytes, 3, upper, offset), sum);
}

// @ts-ignore: decorator
@inline
function rowHalves(format: i32, x: usize, depth: i32, w: usize, to: usize): void {
  const mask = halfMask(), scale = halfScale();
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (; depth >= 4; depth -= 4, x += 16, w += 64) {
    a0 = addHalf(format, a0, v128.load(w), 0, x, mask, scale);
    a1 = addHalf(format, a1, v128.load(w), 1, x, mask, scale);
    b0 = addHalf(format, b0, v128.load(w, 16), 0, x + 4, mask, scale);
    b1 = addHalf(format, b1, v128.load(w, 16), 1, x + 4, mask, scale);
    c0 = addHalf(format, c0, v128.load(w, 32), 0, x + 8, mask, scale);
    c1 = addHalf(format, c1, v128.load(w, 32), 1, x + 8, mask, scale);
    d0 = addHalf(format, d0, v128.load(w, 48), 0, x + 12, mask, scale);
    d1 = addHalf(format, d1, v128.load(w, 48), 1, x + 12, mask, scale);
  }
  for (; depth > 0; depth--, x += 4, w += 16) {
    a0 = addHalf(format, a0, v128.load(w), 0, x, mask, scale);
    a1 = addHalf(format, a1, v128.load(w), 1, x, mask, scale);
  }
  v128.store(to, f32x4.add(f32x4.add(a0, b0), f32x4.add(c0, d0)));
  v128.store(to, f32x4.add(f32x4.add(a1, b1), f32x4.add(c1, d1)), 16);
}

// @ts-ignore: decorator
@inline
function addHalf(format: i32, sum: v128, eight: v128, second: i32, x: usize, mask: v128, scale: v128): v128 {
  return madd(v128.load32_splat(x), half(format, eight, second, mask, scale), sum);
}
