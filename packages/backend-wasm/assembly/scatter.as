// Slices added up at their indices, the transpose of a gather. A strip of columns is the work of one thread, which adds in the
// order of the updates: the sums are the same on any number of threads.

/** Columns of a strip: a cache line. */
const STRIP = 16;

/**
 * to[outer, size, inner] = sums of updates[outer, count, inner]. [begin, end) counts outer * strips of inner.
 * table: for each update its slice, in bytes (offsetsOfIndices).
 */
export function scatterAddF32(begin: i32, end: i32, table: usize, updates: usize, to: usize, count: i32, size: i32, inner: i32): void {
  const strips = (inner + STRIP - 1) / STRIP;
  const line = inner << 2;
  for (let i = begin; i < end; i++) {
    const outer = i / strips;
    const first = (i - outer * strips) * STRIP;
    const columns = min(STRIP, inner - first);
    const sums = to + <usize>outer * size * line + (first << 2);
    for (let row = 0, at = sums; row < size; row++, at += line) memory.fill(at, 0, columns << 2);
    let from = updates + <usize>outer * count * line + (first << 2);
    for (let update = 0; update < count; update++, from += line) {
      const offset = load<i32>(table + (update << 2));
      // An index that is out of range, which is an error by now.
      if (offset < 0) continue;
      addTo(sums + offset, from, columns);
    }
  }
}

// @ts-ignore: decorator
@inline
function addTo(to: usize, from: usize, columns: i32): void {
  let i = 0;
  for (; i + 4 <= columns; i += 4, to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; i < columns; i++, to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}
