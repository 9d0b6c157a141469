// The gradient of a convolution's filters: for each output and each tap the sum of gradients times the inputs under the tap,
// over all positions of all images. Images are summed in chunks that depend on the shapes alone, and the chunks then in their
// order: the result is the same on any number of threads.
import { filterColumns, filterTile } from "./gen/correlation-tiles";
import { firstLanes } from "./lanes";
import { firstColumn, firstImage, firstRow, Planes, planesOf } from "./planes";
import { scratch } from "./simd";
import { rowsOfTile } from "./tiling";

/** Written by src/convolution/filter.ts, in this order. */
@unmanaged
class FilterGradient {
  planes: usize;
  /** Offset in scratch behind the planes. */
  packed: i32;
  groups: i32;
  /** Outputs of a group, and tiles that they make. */
  outputs: i32;
  tiles: i32;
  /** Vectors of a block, and the bytes of each in the planes. */
  vectors: i32;
  vectorTable: usize;
  /** Distances of terms in bytes. */
  terms: i32;
  offsets: usize;
  blocks: i32;
  chunks: i32;
  /** Bytes of the sums of one output. */
  line: i32;
  /** Of the gradients that come in. */
  height: i32;
  width: i32;
}

/** sums: of each chunk those of all outputs. [begin, end) counts chunks * groups * tiles of outputs. */
export function filterGradientF32(begin: i32, end: i32, x: usize, dy: usize, sums: usize, record: usize): void {
  const r = changetype<FilterGradient>(record);
  const p = changetype<Planes>(r.planes);
  const made = scratch + 256;
  const packed = scratch + r.packed;
  for (let i = begin; i < end; ) {
    const unit = i / r.tiles;
    const first = i - unit * r.tiles;
    const last = min(r.tiles, first + end - i);
    const chunk = unit / r.groups;
    const group = unit - chunk * r.groups;
    const to = sums + <usize>unit * r.outputs * r.line;
    const blockEnd = <i32>(<i64>r.blocks * (chunk + 1) / r.chunks);
    const blockBegin = <i32>(<i64>r.blocks * chunk / r.chunks);
    for (let block = blockBegin; block < blockEnd; block++) {
      const planes = planesOf(p, x, block, group, made);
      let output = 0;
      for (let tile = 0; tile < last; tile++) {
        const height = rowsOfTile(r.outputs - output);
        if (tile >= first) {
          const at = to + output * r.line;
          if (block == blockBegin) memory.fill(at, 0, height * r.line);
          packGradients(r, p, dy, block, group * r.outputs + output, height, packed);
          const columns = filterColumns(height);
          filterTile(height, (r.terms + columns - 1) / columns, r.offsets, r.vectorTable, r.vectorTable + (r.vectors << 2), planes, packed, at, r.line);
        }
        output += height;
      }
    }
    i += last - first;
  }
}

/** Gradients of `height` outputs as [vector][output][4], zeros where a block reaches beyond them. */
function packGradients(r: FilterGradient, p: Planes, dy: usize, block: i32, output: i32, height: i32, to: usize): void {
  const lineBytes = r.width << 2;
  const area = <usize>r.height * lineBytes;
  const image = firstImage(p, block);
  const row = firstRow(p, block);
  const column = firstColumn(p, block);
  const count = min(p.blockColumns, r.width - column);
  const whole = count & ~3;
  const rest = firstLanes(count & 3);
  const vectors = (p.blockColumns + 3) >> 2;
  const step: usize = height << 4;
  const outputs = r.groups * r.outputs;
  for (let b = 0; b < p.images; b++)
    for (let h = 0; h < p.blockRows; h++, to += vectors * step)
      for (let o = 0; o < height; o++) {
        let at = to + (o << 4);
        const stop = at + vectors * step;
        if (image + b < p.batch && row + h < r.height) {
          let from = dy + ((image + b) * outputs + output + o) * area + (row + h) * lineBytes + (column << 2);
          for (const wholeEnd = from + (whole << 2); from < wholeEnd; from += 16, at += step) v128.store(at, v128.load(from));
          if (count & 3) {
            v128.store(at, v128.and(v128.load(from), rest));
            at += step;
          }
        }
        for (; at < stop; at += step) v128.store(at, f32x4.splat(0));
      }
}

/** dw = the sums of all chunks. sums: [chunks][outputs], lines of `line` bytes. [begin, end) counts outputs. */
export function sumChunks(begin: i32, end: i32, sums: usize, dw: usize, chunks: i32, outputs: i32, terms: i32, line: i32): void {
  const chunkBytes: usize = <usize>outputs * line;
  for (let i = begin; i < end; i++) {
    const from = sums + <usize>i * line;
    const to = dw + (<usize>i * terms << 2);
    let k = 0;
    for (; k + 4 <= terms; k += 4) {
      let sum = v128.load(from + (k << 2));
      for (let chunk = 1; chunk < chunks; chunk++) sum = f32x4.add(sum, v128.load(from + chunk * chunkBytes + (k << 2)));
      v128.store(to + (k << 2), sum);
    }
    for (; k < terms; k++) {
      let sum = load<f32>(from + (k << 2));
      for (let chunk = 1; chunk < chunks; chunk++) sum += load<f32>(from + chunk * chunkBytes + (k << 2));
      store<f32>(to + (k << 2), sum);
    }
  }
}
