/** Codes back into real numbers: the value of each code, less the zero point, times the scale, rounded to float32 once. */
import { forEachChunk } from "./chunks.ts";
import type { Quantized } from "./quantized.ts";
import { chunkReader } from "./reader.ts";

/**
 * The values that a quantized tensor stands for, row-major. It may come from a file: throws ArgumentError, ShapeError,
 * AxisError, BlockError or ScaleError if its parts do not fit each other.
 */
export function dequantize(quantized: Quantized): Float32Array {
  const { groups, read } = chunkReader(quantized);
  const out = new Float32Array(groups.elements);
  forEachChunk(out.length, (start, end) => read(start, end, out, start));
  return out;
}
