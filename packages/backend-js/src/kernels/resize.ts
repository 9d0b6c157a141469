/** resize: nearest picks elements; linear and cubic are weighted sums, one axis after the other. */
import { type AxisTaps, resizeTaps } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { load, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { fill, NOWHERE, offsetsOf, pick, wordsOf } from "../words.ts";
import { floats, plainRows } from "./formats.ts";

export const resize: JsKernel<"resize"> = {
  rows: plainRows([...floats, "int8", "uint8", "int32"]),

  prepare(_, spec) {
    const type = spec.inputs[0]!;
    const { mode, sizes, extrapolation = 0 } = spec.attributes;
    const output = { dtype: type.dtype, shape: sizes };
    const taps = resizeTaps(spec);
    if (mode === "nearest") {
      const tables = offsetsOf(type);
      for (const { axis, indices, outside } of taps) {
        const offsets = tables[axis]!;
        tables[axis] = Array.from(indices, (index, i) => (outside[i] === 1 ? NOWHERE : offsets[index]!));
      }
      return {
        bytes: 0,
        run([x], [y]) {
          const out = wordsOf(y!, type.dtype);
          fill(out, extrapolation, type.dtype);
          pick(out, wordsOf(x!, type.dtype), tables);
        },
      };
    }
    return {
      bytes: 0,
      run([x], [y]) {
        let values: Float64Array = Float64Array.from(load(x!, type));
        const shape = [...type.shape];
        for (const axis of taps) {
          values = interpolate(values, shape, axis);
          shape[axis.axis] = sizes[axis.axis]!;
        }
        for (const axis of taps) extrapolate(values, shape, axis, extrapolation);
        store(values, y!, output);
      },
    };
  },
};

/** The weighted sums along one axis. */
function interpolate(
  x: Float64Array,
  shape: readonly number[],
  { axis, taps, indices, weights }: AxisTaps,
): Float64Array {
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const from = shape[axis]!;
  const to = indices.length / taps;
  const out = new Float64Array(outer * to * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < to; i++) {
      const start = (o * to + i) * inner;
      for (let t = i * taps; t < (i + 1) * taps; t++) {
        const source = (o * from + indices[t]!) * inner;
        const weight = weights[t]!;
        for (let k = 0; k < inner; k++) out[start + k]! += weight * x[source + k]!;
      }
    }
  return out;
}

/** Writes the extrapolation value wherever the position along one axis is outside. */
function extrapolate(
  y: Float64Array,
  shape: readonly number[],
  { axis, outside }: AxisTaps,
  value: number,
): void {
  const inner = elementCount(shape.slice(axis + 1));
  const { length } = outside;
  for (let start = 0, i = 0; start < y.length; start += inner, i++)
    if (outside[i % length] === 1) y.fill(value, start, start + inner);
}
