/** A quantized tensor read a chunk at a time, for those who do not need all of it at once. */
import { dtypes } from "../dtypes.ts";
import { forEachRun, groupsOf } from "../groups.ts";
import { checkStorage } from "../storage.ts";
import { dequantizeRun } from "./affine-kernels.ts";
import { checkScheme } from "./check.ts";
import { CHUNK, codeReader } from "./chunks.ts";
import { tableOf } from "./nearest.ts";
import { type Quantized, scalesOf, zeroPointsOf } from "./quantized.ts";

/** `read` writes the elements from `start` to `end`, at most CHUNK, to `out` from `to` on. */
export function chunkReader(quantized: Quantized) {
  const { scheme, shape, codes, codebook } = quantized;
  checkScheme(scheme);
  const groups = groupsOf(shape, scheme.granularity);
  checkStorage("codes", scheme.dtype, codes, groups.elements);
  const scales = scalesOf(quantized);
  const zeroPoints = zeroPointsOf(quantized);
  const table = tableOf(scheme, codebook);
  const mask = 2 ** dtypes[scheme.dtype].bits - 1;
  const values = new Float32Array(CHUNK);
  const load = codeReader(scheme.dtype, codes);
  return {
    groups,
    read(start: number, end: number, out: Float32Array, to: number): void {
      load(values, end - start, start);
      if (table) for (let i = 0; i < end - start; i++) values[i] = table[values[i]! & mask]!;
      forEachRun(groups, start, end, (at, length, group) => {
        const from = at - start;
        dequantizeRun(values, from, length, out, to + from, scales, zeroPoints, group, groups.columnwise);
      });
    },
  };
}
