// Activations as the products with weights in blocks take them: int8 codes, their sum and their scale, block by block.
import { firstLanes, largestLane } from "./lanes";

/** 1.5 * 2^23: added to a number of less than 2^22, it leaves that number rounded half to even in the low bits. */
const ROUNDER: f32 = 12582912.0;

/**
 * Rows [begin, end) of x, `depth` floats each, to rows of blocks [start: i32][codes][scale: f32], symmetric with
 * scale = max|x| / 127 over each block of `size` terms, or over the row where byRow is not 0. A block has 4 * quads codes,
 * those beyond its terms 0: bytes, or 16 bits where wide is not 0. start: -zeroPoint times the sum of the codes; where
 * there are zeroPoints, the negative sum in two numbers of 16 bits, low + 128 * high.
 */
export function quantizeBlocks(begin: i32, end: i32, x: usize, depth: i32, size: i32, quads: i32, byRow: i32, wide: i32, zeroPoints: i32, zeroPoint: i32, to: usize): void {
  const blocks = (depth + size - 1) / size;
  const codeBytes = quads << (wide ? 3 : 2);
  let at = to + begin * blocks * (8 + codeBytes);
  for (let row = begin; row < end; row++) {
    const from = x + ((<usize>row * depth) << 2);
    let scale = byRow ? largest(from, depth) / 127 : 0;
    for (let first = 0; first < depth; first += size) {
      const terms = min(size, depth - first);
      const block = from + (first << 2);
      if (!byRow) scale = largest(block, terms) / 127;
      const sum = wide ? writeWide(block, terms, scale, at + 4, quads) : writeBytes(block, terms, scale, at + 4, quads);
      store<i32>(at, startOf(sum, zeroPoints, zeroPoint));
      store<f32>(at + 4 + codeBytes, scale);
      at += 8 + codeBytes;
    }
  }
}

/**
 * The same from codes of 16 bits, less their zero point, `depth` for a row: blocks with 16-bit codes and the scale of all at
 * `scale`.
 */
export function arrangeBlocks(begin: i32, end: i32, x: usize, depth: i32, size: i32, quads: i32, zeroPoints: i32, zeroPoint: i32, scale: usize, to: usize): void {
  const blocks = (depth + size - 1) / size;
  const codeBytes = quads << 3;
  const ones = i16x8.splat(1);
  let at = to + begin * blocks * (8 + codeBytes);
  for (let row = begin; row < end; row++) {
    const from = x + ((<usize>row * depth) << 1);
    for (let first = 0; first < depth; first += size) {
      let terms = min(size, depth - first);
      let sum = i32x4.splat(0);
      let block = from + (first << 1);
      for (let i: usize = 4; i <= <usize>codeBytes; i += 16, block += 16, terms -= 8) {
        const codes = v128.and(v128.load(block), i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>max(min(terms, 8), 0))));
        v128.store(at + i, codes);
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(codes, ones));
      }
      store<i32>(at, startOf(total(sum), zeroPoints, zeroPoint));
      store<f32>(at + 4 + codeBytes, load<f32>(scale));
      at += 8 + codeBytes;
    }
  }
}

/** What a sum of products starts with, or what zero points are multiplied with, in two parts. */
// @ts-ignore: decorator
@inline
function startOf(sum: i32, zeroPoints: i32, zeroPoint: i32): i32 {
  return zeroPoints ? (-sum & 127) | ((-sum >> 7) << 16) : -zeroPoint * sum;
}

/** max |x|, NaN not counted. */
function largest(x: usize, count: i32): f32 {
  let found = f32x4.splat(0);
  for (; count >= 4; count -= 4, x += 16) found = f32x4.pmax(found, f32x4.abs(v128.load(x)));
  if (count > 0) found = f32x4.pmax(found, f32x4.abs(v128.and(v128.load(x), firstLanes(count))));
  return largestLane(found);
}

/** round(x / scale) in [-127, 127], 0 for NaN. A divisor of infinity stands for a scale of 0. */
// @ts-ignore: decorator
@inline
function code(x: v128, divisor: v128): v128 {
  const quotient = f32x4.div(x, divisor);
  const number = v128.and(quotient, f32x4.eq(quotient, quotient));
  const bounded = f32x4.pmax(f32x4.splat(-127), f32x4.pmin(f32x4.splat(127), number));
  return i32x4.sub(f32x4.add(bounded, f32x4.splat(ROUNDER)), i32x4.splat(0x4b400000));
}

/** Codes of the next four terms, of which there may be fewer, or none. */
// @ts-ignore: decorator
@inline
function quadOf(x: usize, terms: i32, divisor: v128): v128 {
  if (terms >= 4) return code(v128.load(x), divisor);
  return terms > 0 ? code(v128.and(v128.load(x), firstLanes(terms)), divisor) : i32x4.splat(0);
}

function writeBytes(x: usize, terms: i32, scale: f32, codes: usize, quads: i32): i32 {
  const divisor = f32x4.splat(scale == 0 ? Infinity : scale);
  let sum = i32x4.splat(0);
  for (; quads > 0; quads--, terms -= 4, x += 16, codes += 4) {
    const q = quadOf(x, terms, divisor);
    sum = i32x4.add(sum, q);
    const pairs = i16x8.narrow_i32x4_s(q, q);
    v128.store32_lane(codes, i8x16.narrow_i16x8_s(pairs, pairs), 0);
  }
  return total(sum);
}

function writeWide(x: usize, terms: i32, scale: f32, codes: usize, quads: i32): i32 {
  const divisor = f32x4.splat(scale == 0 ? Infinity : scale);
  let sum = i32x4.splat(0);
  for (; quads > 0; quads--, terms -= 4, x += 16, codes += 8) {
    const q = quadOf(x, terms, divisor);
    sum = i32x4.add(sum, q);
    v128.store64_lane(codes, i16x8.narrow_i32x4_s(q, q), 0);
  }
  return total(sum);
}

// @ts-ignore: decorator
@inline
function total(sum: v128): i32 {
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
}
