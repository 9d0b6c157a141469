/** Compares tensors as ONNX's own test runner does: integers exactly, floats to 1e-3 relative (bfloat16 2^-6) and 1e-7 absolute. */
import { dtypes, type HostTensor, valuesOf } from "@bitbudget/core";

const RELATIVE = 1e-3;
/** Two units in the last place. */
const RELATIVE_BFLOAT16 = 2 ** -6;
const ABSOLUTE = 1e-7;

/** What differs first, in words; undefined where nothing does. */
export function firstDifference(actual: HostTensor | undefined, expected: HostTensor): string | undefined {
  if (actual === undefined) return "is missing";
  if (actual.dtype !== expected.dtype) return `is ${actual.dtype}, expected ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join())
    return `has the shape [${actual.shape.join(", ")}], expected [${expected.shape.join(", ")}]`;
  const info = dtypes[expected.dtype];
  const isFloat = info.kind === "float";
  const relative = isFloat ? (expected.dtype === "bfloat16" ? RELATIVE_BFLOAT16 : RELATIVE) : 0;
  const absolute = isFloat ? ABSOLUTE : 0;
  const [a, b] =
    info.bits === 64 && info.kind === "integer"
      ? [actual.data, expected.data]
      : [valuesOf(actual), valuesOf(expected)];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const distance = Math.abs(Number(x) - Number(y));
    if (!(distance <= absolute + relative * Math.abs(Number(y)))) return `is ${x} at ${i}, expected ${y}`;
  }
  return undefined;
}
