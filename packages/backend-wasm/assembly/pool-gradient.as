// Gradients of pools, on images with the channels first: each window hands its gradient to its first largest element, or in
// equal parts to all elements that it averages. Windows overlap, so that one plane is the work of one thread.
import { Pool, Window } from "./pool";

/** [begin, end) counts planes. x, dx: planes of pool.image bytes. */
export function maxPoolGradientF32(begin: i32, end: i32, x: usize, dy: usize, dx: usize, record: usize): void {
  const pool = changetype<Pool>(record);
  dy += <usize>begin * pool.outHeight * pool.outWidth << 2;
  for (let i = begin; i < end; i++) {
    const from = x + <usize>i * pool.image;
    const to = dx + <usize>i * pool.image;
    memory.fill(to, 0, pool.image);
    for (let h = 0; h < pool.outHeight; h++) {
      const row = changetype<Window>(pool.rows + h * offsetof<Window>());
      for (let w = 0; w < pool.outWidth; w++, dy += 4) {
        const column = changetype<Window>(pool.columns + w * offsetof<Window>());
        if (row.taps == 0 || column.taps == 0) continue;
        const at = to + (firstLargest(pool, from + row.start + column.start, row.taps, column.taps) - from);
        store<f32>(at, load<f32>(at) + load<f32>(dy));
      }
    }
  }
}

/** Address of the first largest element of a window, line by line. NaN is larger than any number. */
// @ts-ignore: decorator
@inline
function firstLargest(pool: Pool, line: usize, down: i32, across: i32): usize {
  let largest = line;
  let value = load<f32>(line);
  for (let i = 0; i < down; i++, line += pool.down) {
    let at = line;
    for (let j = 0; j < across; j++, at += pool.across) {
      const x = load<f32>(at);
      if (x > value || (x != x && value == value)) {
        value = x;
        largest = at;
      }
    }
  }
  return largest;
}

/** [begin, end) counts planes. dx: planes of pool.image bytes. */
export function averagePoolGradientF32(begin: i32, end: i32, dy: usize, dx: usize, record: usize): void {
  const pool = changetype<Pool>(record);
  dy += <usize>begin * pool.outHeight * pool.outWidth << 2;
  for (let i = begin; i < end; i++) {
    const to = dx + <usize>i * pool.image;
    memory.fill(to, 0, pool.image);
    for (let h = 0; h < pool.outHeight; h++) {
      const row = changetype<Window>(pool.rows + h * offsetof<Window>());
      for (let w = 0; w < pool.outWidth; w++, dy += 4) {
        const column = changetype<Window>(pool.columns + w * offsetof<Window>());
        const share = load<f32>(dy) / <f32>(row.count * column.count);
        let line = to + row.start + column.start;
        for (let i = 0; i < row.taps; i++, line += pool.down) {
          let at = line;
          for (let j = 0; j < column.taps; j++, at += pool.across) store<f32>(at, load<f32>(at) + share);
        }
      }
    }
  }
}
