// Activations as the second operand of a product: packed into the panels of [k][8] that the tiles read.
import { tile32 } from "./transpose";

/** Terms [0, terms) of 8 columns of a matrix with rows of bStep bytes. */
export function packColumns(b: usize, bStep: usize, terms: i32, to: usize): void {
  const end = to + (<usize>terms << 5);
  for (; to < end; to += 32, b += bStep) {
    v128.store(to, v128.load(b));
    v128.store(to, v128.load(b, 16), 16);
  }
}

/** Terms [0, terms) of `count` rows, 1 to 8, of bStep bytes: columns of the transposed matrix. */
export function packRows(b: usize, bStep: usize, count: i32, terms: i32, to: usize): void {
  const whole = terms & ~3;
  if (count == 8)
    for (let k = 0; k < whole; k += 4) {
      tile32(b + (k << 2), bStep, to + (k << 5), 32);
      tile32(b + 4 * bStep + (k << 2), bStep, to + (k << 5) + 16, 32);
    }
  for (let j = 0; j < 8; j++) {
    // Columns that there are none of repeat the last one.
    const row = b + min(j, count - 1) * bStep;
    for (let k = count == 8 ? whole : 0; k < terms; k++) store<f32>(to + (k << 5) + (j << 2), load<f32>(row + (k << 2)));
  }
}
