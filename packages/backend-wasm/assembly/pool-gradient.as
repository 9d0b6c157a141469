// Gradients of pools, on images with the channels first: each window hands its gradient to its first largest element, or in
// equal parts to all elements that it averages. Windows overlap, so that one plane is the work of one thread.
import { Pool, Window } from "./pool";
import { scratch } from "./simd";

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
      for (let w = 0; w < pool.outWidth; ) {
        const column = changetype<Window>(pool.columns + w * offsetof<Window>());
        // Four windows, of which some at the end of a line may have had their turn.
        const first = min(w, pool.outWidth - 4);
        const step = stepOfFour(pool, first);
        if (step != 0 && row.taps != 0) {
          const start = row.start + changetype<Window>(pool.columns + first * offsetof<Window>()).start;
          const places = firstLargestOfFour(pool, from + start, step, row.taps, column.taps);
          v128.store(scratch, places);
          for (let lane = w - first; lane < 4; lane++, dy += 4) {
            const at = to + start + lane * step + load<i32>(scratch + (lane << 2));
            store<f32>(at, load<f32>(at) + load<f32>(dy));
          }
          w = first + 4;
          continue;
        }
        if (row.taps != 0 && column.taps != 0) {
          const at = to + (firstLargest(pool, from + row.start + column.start, row.taps, column.taps) - from);
          store<f32>(at, load<f32>(at) + load<f32>(dy));
        }
        w++;
        dy += 4;
      }
    }
  }
}

/** Bytes between neighbours of four windows from column w on, or 0 where these are not of one kind, or not near one another. */
// @ts-ignore: decorator
@inline
function stepOfFour(pool: Pool, w: i32): i32 {
  if (w < 0) return 0;
  const at = pool.columns + w * offsetof<Window>();
  const column = changetype<Window>(at);
  const last = changetype<Window>(at + 3 * offsetof<Window>());
  const step = changetype<Window>(at + offsetof<Window>()).start - column.start;
  // Windows that reach over an edge have fewer taps or begin at the same place as others.
  const even = column.taps != 0 && column.taps == last.taps && last.start - column.start == 3 * step;
  return even && (step == 4 || step == 8) && changetype<Window>(at + offsetof<Window>()).taps == column.taps ? step : 0;
}

/** For four windows, step bytes apart, the distances of their first largest elements from where they begin. */
// @ts-ignore: decorator
@inline
function firstLargestOfFour(pool: Pool, x: usize, step: i32, down: i32, across: i32): v128 {
  let largest = everySecond(x, step);
  let places = i32x4.splat(0);
  for (let i = 0; i < down; i++) {
    let place = i * pool.down;
    for (let j = 0; j < across; j++, place += pool.across) {
      const here = everySecond(x + place, step);
      // NaN is larger than any number, and the first one stays.
      const larger = v128.andnot(f32x4.eq(largest, largest), f32x4.le(here, largest));
      largest = v128.bitselect(here, largest, larger);
      places = v128.bitselect(i32x4.splat(place), places, larger);
    }
  }
  return places;
}

/** Four neighbours, or every second of eight where step is 8. */
// @ts-ignore: decorator
@inline
function everySecond(x: usize, step: i32): v128 {
  const low = v128.load(x);
  return step == 4 ? low : v128.shuffle<i32>(low, v128.load(x, 16), 0, 2, 4, 6);
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
      for (let w = 0; w < pool.outWidth; ) {
        const column = changetype<Window>(pool.columns + w * offsetof<Window>());
        let line = to + row.start + column.start;
        const step = w + 4 <= pool.outWidth ? stepOfFour(pool, w) : 0;
        if (step == 4 || (step == 8 && column.taps == 2 && pool.across == 4)) {
          const shares = f32x4.div(v128.load(dy), f32x4.mul(f32x4.splat(<f32>row.count), countsOfFour(pool, w)));
          for (let i = 0; i < row.taps; i++, line += pool.down) {
            if (step == 4) for (let j = 0, at = line; j < column.taps; j++, at += pool.across) add(at, shares);
            else {
              add(line, v128.shuffle<i32>(shares, shares, 0, 0, 1, 1));
              add(line + 16, v128.shuffle<i32>(shares, shares, 2, 2, 3, 3));
            }
          }
          w += 4;
          dy += 16;
          continue;
        }
        const share = load<f32>(dy) / <f32>(row.count * column.count);
        for (let i = 0; i < row.taps; i++, line += pool.down) {
          let at = line;
          let j = 0;
          if (pool.across == 4) for (; j + 4 <= column.taps; j += 4, at += 16) add(at, f32x4.splat(share));
          for (; j < column.taps; j++, at += pool.across) store<f32>(at, load<f32>(at) + share);
        }
        w++;
        dy += 4;
      }
    }
  }
}

/** How many positions each of four windows from column w on has. */
// @ts-ignore: decorator
@inline
function countsOfFour(pool: Pool, w: i32): v128 {
  const at = pool.columns + w * offsetof<Window>() + offsetof<Window>("count");
  return f32x4.convert_i32x4_s(i32x4(load<i32>(at), load<i32>(at, 12), load<i32>(at, 24), load<i32>(at, 36)));
}

// @ts-ignore: decorator
@inline
function add(to: usize, x: v128): void {
  v128.store(to, f32x4.add(v128.load(to), x));
}
