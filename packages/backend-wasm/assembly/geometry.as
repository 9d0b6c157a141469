// Windows over images with the channels last, and their rows laid out one after the other (im2col) a block at a time.

/** Written by src/weighted/product.ts, in this order. Sizes in elements. */
@unmanaged
export class Geometry {
  height: i32;
  width: i32;
  /** Of the image, and of the part that one group reads. */
  channels: i32;
  groupChannels: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideDown: i32;
  strideAcross: i32;
  dilationDown: i32;
  dilationAcross: i32;
  padTop: i32;
  padLeft: i32;
}

/** Copies `bytes` bytes and up to 15 more: what follows is written later, or is padding. */
// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Fills `bytes` bytes and up to 15 more. */
// @ts-ignore: decorator
@inline
function fill(to: usize, value: v128, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + i, value);
}

/**
 * Lays out the windows of output positions [first, first + count), counted over batch, height and width: each a row of
 * kernelHeight * kernelWidth * groupChannels elements of 1 << shift bytes, `toStep` bytes apart. Positions in the
 * padding get the byte `padding`. Writes up to 15 bytes past the end of a row.
 */
export function gatherWindows(g: Geometry, x: usize, shift: i32, channel: i32, first: i32, count: i32, to: usize, toStep: usize, padding: i32): void {
  const pad = i8x16.splat(<i8>padding);
  const runBytes = g.groupChannels << shift;
  const pixelBytes = g.channels << shift;
  const lineBytes = g.width * pixelBytes;
  const imageBytes = g.height * lineBytes;
  // Neighbouring taps are neighbours in memory: a line of the window is one run.
  const joined = g.dilationAcross == 1 && g.groupChannels == g.channels;
  const area = g.outHeight * g.outWidth;
  let image = first / area;
  let row = (first - image * area) / g.outWidth;
  let column = first - image * area - row * g.outWidth;
  const reach = (g.kernelHeight - 1) * g.dilationDown;
  const windowBytes = g.kernelWidth * runBytes;
  const tapDown: usize = g.dilationDown * lineBytes;
  for (let n = 0; n < count; n++) {
    let at = to + n * toStep;
    const start = x + image * imageBytes + (channel << shift);
    const left = column * g.strideAcross - g.padLeft;
    const top = row * g.strideDown - g.padTop;
    if (joined && left >= 0 && left + g.kernelWidth <= g.width && top >= 0 && top + reach < g.height) {
      let from = start + top * lineBytes + left * pixelBytes;
      for (let i = 0; i < g.kernelHeight; i++) {
        copy(at, from, windowBytes);
        at += windowBytes;
        from += tapDown;
      }
    } else gatherLines(g, start, at, top, left, joined, runBytes, pixelBytes, lineBytes, pad);
    if (++column == g.outWidth) {
      column = 0;
      if (++row == g.outHeight) {
        row = 0;
        image++;
      }
    }
  }
}

/** One window, line by line, parts of it in the padding. */
function gatherLines(g: Geometry, start: usize, at: usize, top: i32, left: i32, joined: bool, runBytes: i32, pixelBytes: i32, lineBytes: i32, pad: v128): void {
  for (let i = 0; i < g.kernelHeight; i++) {
    const h = top + i * g.dilationDown;
    if (h < 0 || h >= g.height) {
      fill(at, pad, g.kernelWidth * runBytes);
      at += g.kernelWidth * runBytes;
      continue;
    }
    const line = start + h * lineBytes;
    if (joined) {
      const before = min(max(-left, 0), g.kernelWidth);
      const inside = max(min(g.kernelWidth, g.width - left), before);
      fill(at, pad, before * runBytes);
      copy(at + before * runBytes, line + (left + before) * pixelBytes, (inside - before) * runBytes);
      fill(at + inside * runBytes, pad, (g.kernelWidth - inside) * runBytes);
      at += g.kernelWidth * runBytes;
      continue;
    }
    for (let j = 0; j < g.kernelWidth; j++) {
      const w = left + j * g.dilationAcross;
      if (w < 0 || w >= g.width) fill(at, pad, runBytes);
      else copy(at, line + w * pixelBytes, runBytes);
      at += runBytes;
    }
  }
}
