// Elements that change place: runs of bytes copied from some distances to others, or matrices turned on the way.
import { transposeMatrix } from "./transpose";

/** An axis that is walked from outside: its length, and the bytes from one position to the next in x and in y. */
const AXIS_BYTES: usize = 12;

/** Where unit i begins in x (low half) and in y (high half), axes innermost first. */
function startOf(i: i32, axes: usize, count: i32): u64 {
  let x: u32 = 0;
  let y: u32 = 0;
  for (const end = axes + count * AXIS_BYTES; axes < end; axes += AXIS_BYTES) {
    const length = load<i32>(axes);
    const rest = i / length;
    const index = i - rest * length;
    x += index * load<i32>(axes, 4);
    y += index * load<i32>(axes, 8);
    i = rest;
  }
  return (<u64>y << 32) | x;
}

/**
 * Each unit is `count` runs of `bytes` bytes, xStep bytes apart in x (which may be 0 or less) and yStep in y.
 * [begin, end) counts units.
 */
export function copyRuns(begin: i32, end: i32, x: usize, y: usize, axes: usize, axisCount: i32, count: i32, xStep: i32, yStep: i32, bytes: i32): void {
  for (let i = begin; i < end; i++) {
    const start = startOf(i, axes, axisCount);
    const from = x + <usize>(start & 0xffffffff);
    const to = y + <usize>(start >> 32);
    if (bytes == 4) copyEach<u32>(from, to, count, xStep, yStep);
    else if (bytes == 1) copyEach<u8>(from, to, count, xStep, yStep);
    else if (bytes == 2) copyEach<u16>(from, to, count, xStep, yStep);
    else if (bytes == 8) copyEach<u64>(from, to, count, xStep, yStep);
    else copyBlocks(from, to, count, xStep, yStep, bytes);
  }
}

function copyEach<T>(from: usize, to: usize, count: i32, xStep: i32, yStep: i32): void {
  if (xStep == 0 && yStep == sizeof<T>()) {
    fill<T>(to, load<T>(from), count);
    return;
  }
  for (let i = 0; i < count; i++, from += xStep, to += yStep) store<T>(to, load<T>(from));
}

function fill<T>(to: usize, value: T, count: i32): void {
  const all = sizeof<T>() == 1 ? i8x16.splat(<i8>value) : sizeof<T>() == 2 ? i16x8.splat(<i16>value) : sizeof<T>() == 4 ? i32x4.splat(<i32>value) : i64x2.splat(<i64>value);
  const end = to + count * sizeof<T>();
  for (; to + 16 <= end; to += 16) v128.store(to, all);
  for (; to < end; to += sizeof<T>()) store<T>(to, value);
}

function copyBlocks(from: usize, to: usize, count: i32, xStep: i32, yStep: i32, bytes: i32): void {
  for (let i = 0; i < count; i++, from += xStep, to += yStep) copyBlock(from, to, bytes);
}

/** From where a call costs less than a loop. */
const LONG: i32 = 4096;

/** Any number of bytes; the last vector overlaps the one before it. */
// @ts-ignore: decorator
@inline
export function copyBlock(from: usize, to: usize, bytes: i32): void {
  if (bytes >= LONG) {
    memory.copy(to, from, bytes);
    return;
  }
  if (bytes < 16) {
    copyFew(from, to, bytes);
    return;
  }
  let i = 0;
  for (; i + 64 <= bytes; i += 64) {
    v128.store(to + i, v128.load(from + i));
    v128.store(to + i, v128.load(from + i, 16), 16);
    v128.store(to + i, v128.load(from + i, 32), 32);
    v128.store(to + i, v128.load(from + i, 48), 48);
  }
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  if (i < bytes) v128.store(to + bytes - 16, v128.load(from + bytes - 16));
}

/** Less than 16 bytes. */
function copyFew(from: usize, to: usize, bytes: i32): void {
  if (bytes & 8) {
    store<u64>(to, load<u64>(from));
    from += 8;
    to += 8;
  }
  if (bytes & 4) {
    store<u32>(to, load<u32>(from));
    from += 4;
    to += 4;
  }
  if (bytes & 2) {
    store<u16>(to, load<u16>(from));
    from += 2;
    to += 2;
  }
  if (bytes & 1) store<u8>(to, load<u8>(from));
}

/**
 * Each of the units is a matrix of `rows` (xStep bytes apart in x, neighbours in y) and `columns` (neighbours in x, yStep
 * bytes apart in y) of elements of 1 << shift bytes. [begin, end) counts units * columns.
 */
export function copyTurned(begin: i32, end: i32, x: usize, y: usize, axes: usize, axisCount: i32, rows: i32, columns: i32, xStep: i32, yStep: i32, shift: i32): void {
  for (let i = begin; i < end; ) {
    const unit = i / columns;
    const column = i - unit * columns;
    const count = min(columns - column, end - i);
    const start = startOf(unit, axes, axisCount);
    const from = x + <usize>(start & 0xffffffff) + (column << shift);
    transposeMatrix(from, xStep, y + <usize>(start >> 32) + column * yStep, yStep, rows, count, shift);
    i += count;
  }
}
