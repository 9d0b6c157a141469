/** Biases of products of codes: int32 in units of both scales, without zero point. */
import {
  allocateStorage,
  decodeArray,
  dtypes,
  elementCount,
  encodeArray,
  forEachRun,
  groupsOf,
  type HostTensor,
  type Quantized,
  roundHalfEven,
  scalesOf,
  tensor,
  valuesOf,
  zeroPointsOf,
} from "@bitbudget/core";
import { rowOf } from "../replace.ts";
import type { Writer } from "../writer.ts";

/** Codes that leave an int32 sum room for its products. */
const LARGEST = 2 ** 30;

/** Name of the bias as DequantizeLinear gives it; undefined for what is no constant row. */
export function codedBias(
  writer: Writer,
  bias: string,
  inputScale: number,
  weightScales: Float32Array,
  channels: number,
): string | undefined {
  const row = rowOf(writer.graph, bias, channels);
  if (row === undefined) return undefined;
  const scales = weightScales.map((scale) => Math.fround(inputScale * scale));
  const values = valuesOf(row);
  const codes = Array.from(values, (x, c) =>
    roundHalfEven(Math.fround(x / scales[scales.length === 1 ? 0 : c]!)),
  );
  const inputs = [
    writer.constant(`${bias}_codes`, tensor("int32", [channels], codes)),
    writer.constant(`${bias}_scale`, tensor("float32", scales.length === 1 ? [] : [channels], scales)),
  ];
  return writer.node("DequantizeLinear", inputs, `${bias}_decoded`, { attributes: { axis: 0n } });
}

/**
 * Weights whose scales are large enough for int32 codes of the biases: a channel of tiny weights with a large bias gets a
 * larger scale, which costs its weights precision that the bias drowns anyway.
 */
export function roomForBias(
  quantized: Quantized,
  bias: HostTensor | undefined,
  inputScale: number,
): Quantized {
  if (bias === undefined) return quantized;
  const scales = scalesOf(quantized);
  const values = valuesOf(bias);
  const needed = scales.slice();
  values.forEach((x, c) => {
    const g = scales.length === 1 ? 0 : c;
    needed[g] = Math.max(needed[g] ?? 0, Math.abs(x) / (inputScale * LARGEST));
  });
  if (needed.every((scale, g) => scale === scales[g])) return quantized;
  const { scheme, shape } = quantized;
  const groups = groupsOf(shape, scheme.granularity);
  const zeros = zeroPointsOf(quantized);
  const codes = decodeArray(scheme.dtype, quantized.codes, elementCount(shape));
  const { min, max } = dtypes[scheme.dtype];
  forEachRun(groups, 0, codes.length, (at, length, group) => {
    for (let i = at; i < at + length; i++) {
      const g = groups.columnwise ? group + i - at : group;
      const code = zeros[g]! + roundHalfEven(((codes[i]! - zeros[g]!) * scales[g]!) / needed[g]!);
      codes[i] = Math.min(Math.max(code, min), max);
    }
  });
  return {
    ...quantized,
    scheme: { dtype: scheme.dtype, granularity: scheme.granularity, mapping: scheme.mapping },
    codes: encodeArray(scheme.dtype, codes, allocateStorage(scheme.dtype, codes.length)),
    scales: needed,
  };
}
