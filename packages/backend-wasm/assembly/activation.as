// Functions that a product applies to its sums. The codes are those of src/codes.ts.
import { tail } from "./simd";
import { unaryStrip } from "./unary";

/** In place, `count` floats and not one more: what follows may be results already. */
export function activate(fn: i32, alpha: f32, beta: f32, p: usize, count: i32): void {
  const rest = count & 3;
  const last = p + ((count - rest) << 2);
  unaryStrip(fn, alpha, beta, p, p, count - rest);
  if (rest == 0) return;
  unaryStrip(fn, alpha, beta, last, tail, 4);
  for (let i = 0; i < rest << 2; i += 4) store<f32>(last + i, load<f32>(tail + i));
}
