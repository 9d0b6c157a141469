// Matrices turned: what images with their channels first need on their way to kernels that want them last, and back.

/** [batch, rows, columns] to [batch, columns, rows], elements of 1 << shift bytes. [begin, end) counts batch * columns. */
export function transposeMatrices(begin: i32, end: i32, x: usize, y: usize, rows: i32, columns: i32, shift: i32): void {
  for (let i = begin; i < end; i++) {
    const matrix = i / columns;
    const column = i - matrix * columns;
    let from = x + ((matrix * rows * columns + column) << shift);
    let to = y + ((<usize>i * rows) << shift);
    const step: usize = <usize>columns << shift;
    const stop = to + (<usize>rows << shift);
    if (shift == 0) for (; to < stop; to++, from += step) store<u8>(to, load<u8>(from));
    else if (shift == 1) for (; to < stop; to += 2, from += step) store<u16>(to, load<u16>(from));
    else if (shift == 2) for (; to < stop; to += 4, from += step) store<u32>(to, load<u32>(from));
    else for (; to < stop; to += 8, from += step) store<u64>(to, load<u64>(from));
  }
}
