// softmax(scale * q k^T + mask) v without the scores in memory: keys are taken a tile at a time, and what was summed up
// so far is scaled down when a later tile has a larger score (Milakov and Gimelshein 2018; Dao et al. 2022).
import { expNegativeF32x4 } from "./exp";
import { firstLanes, largestLane, storeLanes, sumOfLanes } from "./lanes";
import { dotProducts, rowCombinations } from "./matmul-f32";
import { packColumns, packRows } from "./pack-f32";
import { panelsF32 } from "./product-f32";
import { madd, scratch } from "./simd";

/** Written by src/kernels/attention.ts, in this order. Lengths in elements; see there for what they are. */
@unmanaged
class Attention {
  kvHeads: i32;
  /** Heads of queries that share a head of keys. */
  group: i32;
  queries: i32;
  keys: i32;
  size: i32;
  valueSize: i32;
  causal: i32;
  /** Rows of a unit of work, and units of a head of keys. */
  unitRows: i32;
  units: i32;
  /** Keys of a tile, a multiple of 8. */
  tileKeys: i32;
  scale: f32;
  /** Bytes from one to the next; all 0 where there is no mask. */
  hasMask: i32;
  maskBatch: i32;
  maskHead: i32;
  maskQuery: i32;
  maskKey: i32;
  /** As many floats 0 as a tile has keys, or a value has elements and up to a whole panel. */
  zeros: usize;
}

/** Rows whose scores are in the first-level cache at a time. */
const ROW_GROUP: i32 = 24;
/** Up to so many rows packing costs more than it saves. */
const FEW_ROWS: i32 = 8;

/**
 * [begin, end) counts batch * heads of keys * units. The queries of all heads that share keys are rows of one matrix: row
 * r is query r % queries of head r / queries.
 */
export function attentionF32(begin: i32, end: i32, q: usize, k: usize, v: usize, mask: usize, y: usize, attention: usize): void {
  const sizes = changetype<Attention>(attention);
  const rows = sizes.group * sizes.queries;
  for (let i = begin; i < end; i++) {
    const head = i / sizes.units;
    const first = (i - head * sizes.units) * sizes.unitRows;
    const count = min(sizes.unitRows, rows - first);
    const batch = head / sizes.kvHeads;
    const firstHead = (head - batch * sizes.kvHeads) * sizes.group;
    unit(
      sizes,
      first,
      count,
      q + ((<usize>head * rows + first) * sizes.size << 2),
      k + (<usize>head * sizes.keys * sizes.size << 2),
      v + (<usize>head * sizes.keys * sizes.valueSize << 2),
      mask + batch * sizes.maskBatch + firstHead * sizes.maskHead,
      y + ((<usize>head * rows + first) * sizes.valueSize << 2),
    );
  }
}

/** `count` rows from `first` on with all of their keys. q and y are those of the first row, mask that of row 0. */
function unit(sizes: Attention, first: i32, count: i32, q: usize, k: usize, v: usize, mask: usize, y: usize): void {
  const sizeBytes: usize = <usize>sizes.size << 2;
  const valueBytes: usize = <usize>sizes.valueSize << 2;
  const few = count <= FEW_ROWS;
  const tile = sizes.tileKeys;
  const scoreStep: usize = <usize>tile << 2;
  const panels = (sizes.valueSize + 7) >> 3;
  // The first bytes of scratch are for tiles. Each row has its largest score so far and its sum.
  const states = scratch + 256;
  const scores = states + (<usize>sizes.unitRows << 3);
  const sums = scores + (few ? FEW_ROWS : ROW_GROUP) * scoreStep;
  const packedKeys = sums;
  const packedValues = packedKeys + scoreStep * sizes.size;
  for (let row = 0; row < count; row++) {
    store<f32>(states + (row << 3), -Infinity);
    store<f32>(states + (row << 3), 0, 4);
    memory.fill(y + row * valueBytes, 0, valueBytes);
  }
  const seen = visibleToAny(sizes, first, count);
  for (let key = 0; key < seen; key += tile) {
    const keys = min(tile, seen - key);
    const keyPanels = (keys + 7) >> 3;
    if (!few) {
      for (let p = 0; p < keyPanels; p++)
        packRows(k + (key + (p << 3)) * sizeBytes, sizeBytes, min(8, keys - (p << 3)), sizes.size, packedKeys + p * (sizeBytes << 3));
      for (let p = 0; p < panels; p++) packColumns(v + key * valueBytes + (p << 5), valueBytes, keys, packedValues + p * (<usize>keys << 5));
    }
    for (let row = 0; row < count; row += ROW_GROUP) {
      const height = min(ROW_GROUP, count - row);
      const limit = min(visibleToAny(sizes, first + row, height) - key, keys);
      if (limit <= 0) continue;
      const from = q + row * sizeBytes;
      const to = y + row * valueBytes;
      if (few) dotProducts(from, k + key * sizeBytes, scores, scoreStep, height, sizes.size, limit, 0, (limit + 7) >> 3);
      else panelsF32(height, from, sizeBytes, packedKeys, sizeBytes << 3, sizes.size, 0, (limit + 7) >> 3, tile, sizes.zeros, 0, scores, scoreStep);
      for (let r = 0; r < height; r++) {
        const index = first + row + r;
        const query = index % sizes.queries;
        const ofRow = mask + (index / sizes.queries) * sizes.maskHead + query * sizes.maskQuery + key * sizes.maskKey;
        const visible = min(max(visibleTo(sizes, query) - key, 0), limit);
        const factor = weigh(sizes, scores + r * scoreStep, visible, limit, ofRow, states + ((row + r) << 3));
        if (key > 0) scaleRow(to + r * valueBytes, sizes.valueSize, factor);
      }
      if (few) {
        rowCombinations(scores, scoreStep, v + key * valueBytes, sums, height, limit, sizes.valueSize, 0, panels);
        addRows(to, sums, height * sizes.valueSize);
      } else panelsF32(height, scores, scoreStep, packedValues, <usize>keys << 5, limit, 0, panels, sizes.valueSize, to, valueBytes, to, valueBytes);
    }
  }
  for (let row = 0; row < count; row++) {
    const sum = load<f32>(states + (row << 3), 4);
    // Where nothing is attended the result is 0.
    scaleRow(y + row * valueBytes, sizes.valueSize, sum == 0 ? 0 : 1 / sum);
  }
}

/** Keys that a query may see, from the first on: the queries are the last of the sequence. */
// @ts-ignore: decorator
@inline
function visibleTo(sizes: Attention, query: i32): i32 {
  return sizes.causal ? min(max(query + 1 + sizes.keys - sizes.queries, 0), sizes.keys) : sizes.keys;
}

function visibleToAny(sizes: Attention, first: i32, count: i32): i32 {
  const query = first % sizes.queries;
  // Rows that reach the end of a head have its last query among them.
  return visibleTo(sizes, min(query + count, sizes.queries) - 1);
}

/**
 * Scores become weights: exp(scale * score + mask - the largest so far). Weights from `visible` to `limit` are 0. Returns
 * the factor by which what was summed up before shrinks. state: the largest, the sum.
 */
function weigh(sizes: Attention, scores: usize, visible: i32, limit: i32, mask: usize, state: usize): f32 {
  const scale = f32x4.splat(sizes.scale);
  const minusInfinity = f32x4.splat(-Infinity);
  let largest = minusInfinity;
  const end = visible & ~3;
  const step = sizes.maskKey;
  // A mask that is the same for all keys, or none.
  let term = sizes.hasMask ? v128.load32_splat(mask) : f32x4.splat(-0.0);
  for (let i = 0; i < end; i += 4) {
    const at = scores + (i << 2);
    if (step) term = v128.load(mask + (i << 2));
    const score = madd(v128.load(at), scale, term);
    largest = f32x4.pmax(largest, score);
    v128.store(at, score);
  }
  if (end < visible) {
    const at = scores + (end << 2);
    if (step) term = v128.load(mask + (end << 2));
    const score = v128.bitselect(madd(v128.load(at), scale, term), minusInfinity, firstLanes(visible - end));
    largest = f32x4.pmax(largest, score);
    v128.store(at, score);
  }
  const before = load<f32>(state);
  const now = max(before, largestLane(largest));
  // Where all scores are -Infinity their weights are 0, not NaN.
  const shift = now == -Infinity ? f32x4.splat(0) : f32x4.splat(now);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i < visible; i += 4) {
    const at = scores + (i << 2);
    const weight = expNegativeF32x4(f32x4.sub(v128.load(at), shift));
    sum = f32x4.add(sum, weight);
    v128.store(at, weight);
  }
  for (; i < limit; i += 4) v128.store(scores + (i << 2), f32x4.splat(0));
  const factor = f32x4.extract_lane(expNegativeF32x4(f32x4.sub(f32x4.splat(before), shift)), 0);
  store<f32>(state, now);
  store<f32>(state, load<f32>(state, 4) * factor + sumOfLanes(sum), 4);
  return factor;
}

function scaleRow(y: usize, count: i32, factor: f32): void {
  if (factor == 1) return;
  const by = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), f32x4.mul(v128.load(y + (i << 2)), by));
  if (i < count) storeLanes(y + (i << 2), f32x4.mul(v128.load(y + (i << 2)), by), count - i);
}

function addRows(y: usize, x: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), f32x4.add(v128.load(y + (i << 2)), v128.load(x + (i << 2))));
  if (i < count) storeLanes(y + (i << 2), f32x4.add(v128.load(y + (i << 2)), v128.load(x + (i << 2))), count - i);
}
