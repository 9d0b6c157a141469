// Functions of one number that models call rarely, one number at a time by the standard library's routines (musl).
import * as code from "../src/codes";
import { cosine, sine, tangent } from "./trigonometric";

/** to[i] = f(from[i]) for `count` floats. */
export function unaryScalar(fn: i32, from: usize, to: usize, count: i32): void {
  const end = to + (count << 2);
  for (; to < end; from += 4, to += 4) store<f32>(to, scalar(fn, load<f32>(from)));
}

function scalar(fn: i32, x: f32): f32 {
  switch (fn) {
    case code.SIN: return <f32>sine(x);
    case code.COS: return <f32>cosine(x);
    case code.TAN: return <f32>tangent(x);
    case code.ASIN: return Mathf.asin(x);
    case code.ACOS: return Mathf.acos(x);
    case code.ATAN: return Mathf.atan(x);
    case code.SINH: return Mathf.sinh(x);
    case code.COSH: return Mathf.cosh(x);
    case code.ASINH: return Mathf.asinh(x);
    case code.ACOSH: return Mathf.acosh(x);
    default: return Mathf.atanh(x);
  }
}
