// Images [batch, channels, height, width] copied into planes: padded, and split into the phases of the strides (space to
// depth). In planes what a tap of a filter reads for all positions of the output lies at one distance from them: strides,
// dilations and padding are nothing but a table of distances.

/** Written by src/convolution/planes.ts, in this order. Sizes in elements. */
@unmanaged
export class Planes {
  /** Of the images. */
  batch: i32;
  channels: i32;
  height: i32;
  width: i32;
  strideDown: i32;
  strideAcross: i32;
  padTop: i32;
  padLeft: i32;
  /** Channels of a group. */
  depth: i32;
  /** Phases: how many there are, and the row and column of each. */
  phases: i32;
  phaseTable: usize;
  /** A block: its images, and the rows and columns of a plane that have data; bytes of a line and of a plane. */
  images: i32;
  rows: i32;
  columns: i32;
  line: i32;
  plane: i32;
  /** Blocks: how many there are down and across, the positions of the output that each has, and where the last one begins. */
  blocksDown: i32;
  blocksAcross: i32;
  blockRows: i32;
  blockColumns: i32;
  lastImage: i32;
  lastRow: i32;
  lastColumn: i32;
  /** 1: the images are planes as they lie. */
  direct: i32;
}

/** First image of a block. The last blocks may overlap the ones before them, so that all have the same size. */
// @ts-ignore: decorator
@inline
export function firstImage(p: Planes, block: i32): i32 {
  return min(block / (p.blocksDown * p.blocksAcross) * p.images, p.lastImage);
}

// @ts-ignore: decorator
@inline
export function firstRow(p: Planes, block: i32): i32 {
  return min(block / p.blocksAcross % p.blocksDown * p.blockRows, p.lastRow);
}

// @ts-ignore: decorator
@inline
export function firstColumn(p: Planes, block: i32): i32 {
  return min(block % p.blocksAcross * p.blockColumns, p.lastColumn);
}

/** Address of the planes of a block and group: in x itself, or `to`, where they are made. */
export function planesOf(p: Planes, x: usize, block: i32, group: i32, to: usize): usize {
  const area: usize = <usize>p.height * p.width << 2;
  const image = firstImage(p, block);
  const row = firstRow(p, block);
  const column = firstColumn(p, block);
  if (p.direct) return x + (image * p.channels + group * p.depth) * area + (column << 2);
  let at = to;
  for (let b = 0; b < p.images; b++) {
    let from = x + ((image + b) * p.channels + group * p.depth) * area;
    for (let c = 0; c < p.depth; c++, from += area)
      for (let phase = 0; phase < p.phases; phase++, at += p.plane) {
        const down = load<i32>(p.phaseTable + (phase << 3));
        const across = load<i32>(p.phaseTable + (phase << 3), 4);
        // Images that there are none of are zeros.
        if (image + b < p.batch) makePlane(p, from, row * p.strideDown + down - p.padTop, column * p.strideAcross + across - p.padLeft, at);
        else clear(at, p.plane);
      }
  }
  return to;
}

/** Zeros for `bytes` bytes, and up to 12 more. */
// @ts-ignore: decorator
@inline
function clear(to: usize, bytes: i32): void {
  for (const end = to + bytes; to < end; to += 16) v128.store(to, f32x4.splat(0));
}

/** One plane, whose first element is that of the image's row `top` and column `left`, which may lie outside of it. */
function makePlane(p: Planes, x: usize, top: i32, left: i32, to: usize): void {
  const across = p.strideAcross;
  // Columns from which on there is data, and from which on there is none.
  let begin = 0;
  let end = p.width - left;
  if (across != 1) {
    if (left < 0) begin = (across - 1 - left) / across;
    end = end > 0 ? (end + across - 1) / across : 0;
  } else if (left < 0) begin = -left;
  begin = min(begin, p.columns);
  end = max(min(end, p.columns), begin);
  const lead = begin << 2;
  const last = end << 2;
  const step: usize = across << 2;
  const from = x + ((left + begin * across) << 2);
  const xLine = p.width << 2;
  for (let i = 0; i < p.rows; i++, top += p.strideDown, to += p.line) {
    if (top < 0 || top >= p.height) {
      clear(to, p.line);
      continue;
    }
    clear(to, lead);
    let at = from + top * xLine;
    let k = to + lead;
    const stop = to + last;
    if (across == 1) for (; k < stop; k += 16, at += 16) v128.store(k, v128.load(at));
    else if (across == 2) for (; k < stop; k += 16, at += 32) v128.store(k, v128.shuffle<i32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6));
    else for (; k < stop; k += 4, at += step) store<f32>(k, load<f32>(at));
    clear(stop, p.line - last);
  }
}
