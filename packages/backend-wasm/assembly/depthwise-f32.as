// Depthwise convolution in float32, channels last: every channel with its own filter.
import { activate } from "./activation";
import { Geometry } from "./geometry";
import { madd, scratch } from "./simd";

/**
 * [begin, end) counts output lines over the batch. w: taps of `padded` floats, one for each channel and zeros behind
 * them; bias: `padded` floats. Four columns whose windows are all inside of the image share the loads of the weights;
 * other columns are computed one by one with the taps that they have.
 */
export function depthwiseF32(begin: i32, end: i32, x: usize, geometry: usize, w: usize, bias: usize, y: usize, padded: i32, fn: i32, alpha: f32, beta: f32): void {
  const g = changetype<Geometry>(geometry);
  const pixel: usize = <usize>g.channels << 2;
  const line: usize = g.width * pixel;
  const tapAcross: usize = g.dilationAcross * pixel;
  const tapDown: usize = g.dilationDown * line;
  const across: usize = g.strideAcross * pixel;
  const reach = (g.kernelWidth - 1) * g.dilationAcross;
  // Columns from which on windows begin inside of the image, and from which on they end outside.
  const inner = min((g.padLeft + g.strideAcross - 1) / g.strideAcross, g.outWidth);
  const last = g.width - 1 - reach + g.padLeft;
  const outer = last < 0 ? inner : max(min(last / g.strideAcross + 1, g.outWidth), inner);
  const tapBytes: usize = <usize>padded << 2;
  const threes = g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideAcross == 1 && g.dilationAcross == 1;
  for (let n = begin; n < end; n++) {
    const image = n / g.outHeight;
    const top = (n - image * g.outHeight) * g.strideDown - g.padTop;
    const rowBegin = top < 0 ? min((-top + g.dilationDown - 1) / g.dilationDown, g.kernelHeight) : 0;
    const rowEnd = max(min(g.height - top + g.dilationDown - 1, g.kernelHeight * g.dilationDown) / g.dilationDown, rowBegin);
    const rows = rowEnd - rowBegin;
    const from = x + image * g.height * line + (top + rowBegin * g.dilationDown) * line;
    const weights = w + rowBegin * g.kernelWidth * tapBytes;
    const to = y + (<usize>n * g.outWidth) * pixel;
    for (let column = 0; column < g.outWidth; ) {
      const left = column * g.strideAcross - g.padLeft;
      const at = to + column * pixel;
      if (column >= inner && column + 4 <= outer) {
        if (rows == 3 && threes) threeByThree(from + left * pixel, tapDown, pixel, weights, tapBytes, bias, at, g.channels);
        else fourColumns(from + left * pixel, across, tapDown, tapAcross, rows, g.kernelWidth, weights, tapBytes, bias, at, pixel, g.channels);
        column += 4;
        continue;
      }
      const tapBegin = left < 0 ? min((-left + g.dilationAcross - 1) / g.dilationAcross, g.kernelWidth) : 0;
      const tapEnd = max(min(g.width - left + g.dilationAcross - 1, g.kernelWidth * g.dilationAcross) / g.dilationAcross, tapBegin);
      oneColumn(from + (left + tapBegin * g.dilationAcross) * pixel, tapDown, tapAcross, rows, tapEnd - tapBegin, weights + tapBegin * tapBytes, g.kernelWidth * tapBytes, tapBytes, bias, at, g.channels);
      column++;
    }
    if (fn != 0) activate(fn, alpha, beta, to, g.outWidth * g.channels);
  }
}

/** Four neighbouring columns of a 3x3 filter: each number of the six columns under them is loaded once. */
function threeByThree(x: usize, down: usize, pixel: usize, w: usize, tapBytes: usize, bias: usize, y: usize, channels: i32): void {
  for (let c = 0; c < channels; c += 4) {
    let s0 = v128.load(bias), s1 = s0, s2 = s0, s3 = s0;
    let line = x;
    let weights = w;
    for (let i = 0; i < 3; i++) {
      const w0 = v128.load(weights), w1 = v128.load(weights + tapBytes), w2 = v128.load(weights + 2 * tapBytes);
      let p = line;
      const x0 = v128.load(p);
      p += pixel;
      const x1 = v128.load(p);
      p += pixel;
      const x2 = v128.load(p);
      p += pixel;
      const x3 = v128.load(p);
      p += pixel;
      const x4 = v128.load(p);
      const x5 = v128.load(p + pixel);
      s0 = madd(x2, w2, madd(x1, w1, madd(x0, w0, s0)));
      s1 = madd(x3, w2, madd(x2, w1, madd(x1, w0, s1)));
      s2 = madd(x4, w2, madd(x3, w1, madd(x2, w0, s2)));
      s3 = madd(x5, w2, madd(x4, w1, madd(x3, w0, s3)));
      weights += 3 * tapBytes;
      line += down;
    }
    const left = channels - c;
    store4(y, s0, left);
    store4(y + pixel, s1, left);
    store4(y + 2 * pixel, s2, left);
    store4(y + 3 * pixel, s3, left);
    x += 16;
    w += 16;
    bias += 16;
    y += 16;
  }
}

/** Stores four floats, or as many as there are channels left. */
// @ts-ignore: decorator
@inline
function store4(y: usize, sum: v128, left: i32): void {
  if (left >= 4) {
    v128.store(y, sum);
    return;
  }
  v128.store(scratch, sum);
  for (let i = 0; i < left << 2; i += 4) store<f32>(y + i, load<f32>(scratch + i));
}

function fourColumns(x: usize, across: usize, down: usize, tap: usize, rows: i32, taps: i32, w: usize, tapBytes: usize, bias: usize, y: usize, pixel: usize, channels: i32): void {
  for (let c = 0; c < channels; c += 8) {
    let a0 = v128.load(bias), a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let weights = w;
    let line = x;
    for (let i = 0; i < rows; i++) {
      let p0 = line;
      for (let j = 0; j < taps; j++) {
        const w0 = v128.load(weights), w1 = v128.load(weights, 16);
        const p1 = p0 + across, p2 = p1 + across, p3 = p2 + across;
        a0 = madd(v128.load(p0), w0, a0);
        a1 = madd(v128.load(p0, 16), w1, a1);
        b0 = madd(v128.load(p1), w0, b0);
        b1 = madd(v128.load(p1, 16), w1, b1);
        c0 = madd(v128.load(p2), w0, c0);
        c1 = madd(v128.load(p2, 16), w1, c1);
        d0 = madd(v128.load(p3), w0, d0);
        d1 = madd(v128.load(p3, 16), w1, d1);
        weights += tapBytes;
        p0 += tap;
      }
      line += down;
    }
    const left = channels - c;
    store8(y, a0, a1, left);
    store8(y + pixel, b0, b1, left);
    store8(y + 2 * pixel, c0, c1, left);
    store8(y + 3 * pixel, d0, d1, left);
    x += 32;
    w += 32;
    bias += 32;
    y += 32;
  }
}

function oneColumn(x: usize, down: usize, tap: usize, rows: i32, taps: i32, w: usize, lineBytes: usize, tapBytes: usize, bias: usize, y: usize, channels: i32): void {
  for (let c = 0; c < channels; c += 8) {
    let a0 = v128.load(bias), a1 = v128.load(bias, 16);
    for (let i = 0; i < rows; i++) {
      let p = x + i * down;
      let weights = w + i * lineBytes;
      for (let j = 0; j < taps; j++) {
        a0 = madd(v128.load(p), v128.load(weights), a0);
        a1 = madd(v128.load(p, 16), v128.load(weights, 16), a1);
        weights += tapBytes;
        p += tap;
      }
    }
    store8(y, a0, a1, channels - c);
    x += 32;
    w += 32;
    bias += 32;
    y += 32;
  }
}

/** Stores eight floats, or as many as there are channels left. */
// @ts-ignore: decorator
@inline
function store8(y: usize, low: v128, high: v128, left: i32): void {
  if (left >= 8) {
    v128.store(y, low);
    v128.store(y, high, 16);
    return;
  }
  v128.store(scratch, low);
  v128.store(scratch, high, 16);
  for (let i = 0; i < left << 2; i += 4) store<f32>(y + i, load<f32>(scratch + i));
}
