// Convolutions of training: images times filters that are no constants. Outputs, and the gradient of the input, are both
// correlations of planes (planes.as) with filters; the latter has one for each phase of the strides, laid out one beside
// the other and merged into images then.
import { copyBlock } from "./move";
import { correlateColumns, correlateTile } from "./gen/correlation-tiles";
import { firstColumn, firstImage, firstRow, Planes, planesOf } from "./planes";
import { scratch } from "./simd";
import { rowsOfTile } from "./tiling";

/** Written by src/convolution/correlation.ts, in this order. */
@unmanaged
export class Correlation {
  planes: usize;
  /** Offset in scratch behind the planes. */
  stage: i32;
  groups: i32;
  /** Outputs of a group, and tiles that they make. */
  outputs: i32;
  tiles: i32;
  /** Vectors of a block, and for each its bytes in the planes and in the result or the stage. */
  vectors: i32;
  positions: usize;
  /** Filters: a Phase for each. */
  phases: i32;
  phaseTable: usize;
  /** Bytes of the result of a block for one output: on the stage, or of y where there is none. */
  stagePlane: i32;
  staged: i32;
  /** Of y. */
  height: i32;
  width: i32;
  // With a stage: the strides that the phases make up, and bytes of its lines.
  strideDown: i32;
  strideAcross: i32;
  stageLine: i32;
}

/** The part of a filter that makes the results of one phase. */
@unmanaged
class Phase {
  /** A table of distances in bytes. */
  offsets: usize;
  terms: i32;
  /** Offset of its packed filters in bytes. */
  filters: i32;
}

/** Packs filters into tiles: [tile][term][output of the tile]. [begin, end) counts groups * outputs. taps: indices of w. */
export function packFilters(begin: i32, end: i32, w: usize, to: usize, outputs: i32, depth: i32, taps: usize, tapCount: i32, groupStep: i32, outputStep: i32, depthStep: i32): void {
  const terms = depth * tapCount;
  const endOfTaps = taps + (tapCount << 2);
  for (let i = begin; i < end; i++) {
    const group = i / outputs;
    const output = i - group * outputs;
    let start = 0;
    let height = rowsOfTile(outputs);
    while (start + height <= output) {
      start += height;
      height = rowsOfTile(outputs - start);
    }
    let at = to + (((group * outputs + start) * terms + (output - start)) << 2);
    const step: usize = height << 2;
    let from = w + ((group * groupStep + output * outputStep) << 2);
    for (let c = 0; c < depth; c++, from += depthStep << 2)
      for (let tap = taps; tap < endOfTaps; tap += 4, at += step) store<f32>(at, load<f32>(from + (load<i32>(tap) << 2)));
  }
}

/** [begin, end) counts blocks * groups * tiles of outputs. filters: packed. */
export function correlateF32(begin: i32, end: i32, x: usize, filters: usize, y: usize, record: usize): void {
  const r = changetype<Correlation>(record);
  const p = changetype<Planes>(r.planes);
  // The first bytes of scratch are for tiles.
  const made = scratch + 256;
  const stage = scratch + r.stage;
  for (let i = begin; i < end; ) {
    const unit = i / r.tiles;
    const first = i - unit * r.tiles;
    const last = min(r.tiles, first + end - i);
    const block = unit / r.groups;
    const group = unit - block * r.groups;
    const planes = planesOf(p, x, block, group, made);
    const area = r.height * r.width;
    const yAt = y + (<usize>(firstImage(p, block) * r.groups + group) * r.outputs * area << 2);
    const corner = r.staged ? 0 : (firstRow(p, block) * r.width + firstColumn(p, block)) << 2;
    let output = 0;
    for (let tile = 0; tile < last; tile++) {
      const height = rowsOfTile(r.outputs - output);
      if (tile >= first) {
        const to = yAt + (<usize>output * area << 2);
        tileOfPhases(r, height, group, output, planes, filters, r.staged ? stage : to + corner);
        if (r.staged) merge(r, p, block, height, stage, to);
      }
      output += height;
    }
    i += last - first;
  }
}

function tileOfPhases(r: Correlation, height: i32, group: i32, output: i32, planes: usize, filters: usize, to: usize): void {
  const columns = correlateColumns(height);
  const count = (r.vectors + columns - 1) / columns;
  for (let i = 0; i < r.phases; i++) {
    const phase = changetype<Phase>(r.phaseTable + i * offsetof<Phase>());
    const w = filters + phase.filters + (<usize>((group * r.outputs + output) * phase.terms) << 2);
    correlateTile(height, count, r.positions, phase.offsets, phase.offsets + (phase.terms << 2), planes, w, to, r.stagePlane);
    to += height * r.stagePlane;
  }
}

/** Brings the phases of a tile, [phase][output][image][row][column], from the stage into y. */
function merge(r: Correlation, p: Planes, block: i32, height: i32, stage: usize, y: usize): void {
  const phaseBytes = height * r.stagePlane;
  const lineBytes = r.width << 2;
  const area = <usize>r.height * lineBytes;
  const image: usize = area * r.groups * r.outputs;
  const row = firstRow(p, block) * r.strideDown;
  const column = firstColumn(p, block) * r.strideAcross;
  const rowEnd = min(row + p.blockRows * r.strideDown, r.height);
  const count = min(p.blockColumns * r.strideAcross, r.width - column);
  // The last block may have room for images that there are none of.
  const images = min(p.images, p.batch - firstImage(p, block));
  for (let output = 0; output < height; output++, y += area) {
    let from = stage + output * r.stagePlane;
    for (let b = 0; b < images; b++, from += p.blockRows * r.stageLine)
      for (let h = row; h < rowEnd; h++) {
        const position = (h - row) / r.strideDown;
        const phase = h - row - position * r.strideDown;
        const line = from + phase * r.strideAcross * phaseBytes + position * r.stageLine;
        mergeLine(line, r.strideAcross, phaseBytes, count, y + b * image + h * lineBytes + (column << 2));
      }
  }
}

/** Element i is number i / stride of phase i % stride. */
function mergeLine(x: usize, stride: i32, phaseBytes: usize, count: i32, to: usize): void {
  if (stride == 1) {
    copyBlock(x, to, count << 2);
    return;
  }
  let i = 0;
  if (stride == 2)
    for (; i + 8 <= count; i += 8, to += 32) {
      const even = v128.load(x + (i << 1));
      const odd = v128.load(x + (i << 1) + phaseBytes);
      v128.store(to, v128.shuffle<i32>(even, odd, 0, 4, 1, 5));
      v128.store(to, v128.shuffle<i32>(even, odd, 2, 6, 3, 7), 16);
    }
  for (; i < count; i++, to += 4) {
    const position = i / stride;
    store<f32>(to, load<f32>(x + (i - position * stride) * phaseBytes + (position << 2)));
  }
}
