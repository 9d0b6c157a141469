// Elements picked by tables: what is known only when it runs (gather), or follows no even distances (pad, resize).
import { copyBlock } from "./move";
import { recordIndex } from "./fault";

/** In a table of offsets: there is no such element. */
const NOWHERE: i32 = -1;

/** Offset in x of row i, or NOWHERE. tables: the length of each and its address, innermost first. */
function rowOffset(i: i32, tables: usize, count: i32): i32 {
  let offset = 0;
  for (const end = tables + (count << 3); tables < end; tables += 8) {
    const length = load<i32>(tables);
    const rest = i / length;
    const part = load<i32>(load<usize>(tables, 4) + ((i - rest * length) << 2));
    if (part == NOWHERE) return NOWHERE;
    offset += part;
    i = rest;
  }
  return offset;
}

/**
 * Rows of `count` runs of `bytes` bytes, each from the offset that the table `row` has for it; those from nowhere take 16
 * bytes of `filling` over and over, and there are none in `row` where that is 0. [begin, end) counts rows.
 */
export function pickRuns(begin: i32, end: i32, x: usize, y: usize, tables: usize, tableCount: i32, row: usize, count: i32, bytes: i32, filling: usize): void {
  const rowBytes: usize = <usize>count * bytes;
  let before = NOWHERE;
  for (let i = begin; i < end; i++) {
    const offset = rowOffset(i, tables, tableCount);
    const to = y + i * rowBytes;
    const again = offset == before && i > begin;
    before = offset;
    // Images that grow have the same row several times.
    if (again) copyBlock(to - rowBytes, to, <i32>rowBytes);
    else if (offset == NOWHERE) fill(to, rowBytes, filling);
    else if (bytes == 4) pickEach<u32>(x + offset, to, row, count, filling);
    else if (bytes == 1) pickEach<u8>(x + offset, to, row, count, filling);
    else if (bytes == 2) pickEach<u16>(x + offset, to, row, count, filling);
    else if (bytes == 8) pickEach<u64>(x + offset, to, row, count, filling);
    else pickBlocks(x + offset, to, row, count, bytes, filling);
  }
}

function pickEach<T>(x: usize, to: usize, row: usize, count: i32, filling: usize): void {
  const end = row + (count << 2);
  if (filling == 0) {
    for (; row + 16 <= end; row += 16, to += 4 * sizeof<T>()) {
      store<T>(to, load<T>(x + load<i32>(row)));
      store<T>(to + sizeof<T>(), load<T>(x + load<i32>(row, 4)));
      store<T>(to + 2 * sizeof<T>(), load<T>(x + load<i32>(row, 8)));
      store<T>(to + 3 * sizeof<T>(), load<T>(x + load<i32>(row, 12)));
    }
    for (; row < end; row += 4, to += sizeof<T>()) store<T>(to, load<T>(x + load<i32>(row)));
    return;
  }
  const value = load<T>(filling);
  for (; row < end; row += 4, to += sizeof<T>()) {
    const offset = load<i32>(row);
    store<T>(to, offset == NOWHERE ? value : load<T>(x + offset));
  }
}

function pickBlocks(x: usize, to: usize, row: usize, count: i32, bytes: i32, filling: usize): void {
  for (const end = row + (count << 2); row < end; row += 4, to += bytes) {
    const offset = load<i32>(row);
    if (offset == NOWHERE) fill(to, bytes, filling);
    else copyBlock(x + offset, to, bytes);
  }
}

/** The same with runs of lengths of their own: `row` has an offset and a number of bytes for each. */
export function pickSegments(begin: i32, end: i32, x: usize, y: usize, tables: usize, tableCount: i32, row: usize, count: i32, rowBytes: i32, filling: usize): void {
  for (let i = begin; i < end; i++) {
    const offset = rowOffset(i, tables, tableCount);
    let to = y + <usize>i * rowBytes;
    if (offset == NOWHERE) {
      fill(to, rowBytes, filling);
      continue;
    }
    for (let at = row, last = row + (count << 3); at < last; at += 8) {
      const from = load<i32>(at);
      const bytes = load<i32>(at, 4);
      if (from == NOWHERE) fill(to, bytes, filling);
      else copyBlock(x + offset + from, to, bytes);
      to += bytes;
    }
  }
}

function fill(to: usize, bytes: usize, filling: usize): void {
  const all = v128.load(filling);
  const end = to + bytes;
  for (; to + 16 <= end; to += 16) v128.store(to, all);
  for (; to < end; to++) store<u8>(to, load<u8>(filling++));
}

/** Indices to offsets: negative ones count from the end. One out of range is recorded, and its element is nowhere. */
export function offsetsOfIndices(begin: i32, end: i32, indices: usize, table: usize, length: i32, bytes: i32, fault: usize): void {
  for (let i = begin; i < end; i++) {
    const index = load<i32>(indices + (i << 2));
    const position = index < 0 ? index + length : index;
    const known = position >= 0 && position < length;
    if (!known) recordIndex(fault, index, i, length);
    store<i32>(table + (i << 2), known ? position * bytes : NOWHERE);
  }
}
