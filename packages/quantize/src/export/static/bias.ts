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
import { type Graph, type NodeProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
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

/**
 * An Add of one number for each channel behind a Conv without bias becomes the bias of the Conv. Changes messages: the graph
 * is to be refreshed. Returns whether it did.
 */
export function takeInBias(
  graph: Graph,
  conv: NodeProto,
  [channels = 0, ...rest]: readonly number[],
): boolean {
  const [y = ""] = conv.output;
  const uses = graph.consumers(y);
  const add = uses[0]?.node;
  const isAlone = uses.length === 1 && !graph.isOutput(y) && add !== undefined && uses[0]?.owner === add;
  if ((conv.input[2] ?? "") !== "" || !isAlone || add.opType !== "Add" || add.domain !== "") return false;
  const proto = graph.initializers.get(add.input.find((name) => name !== y) ?? "");
  if (proto === undefined) return false;
  const value = tensorValue(proto);
  // Channels come before as many spatial axes as a filter has.
  const axis = value.shape.length - 1 - rest.length;
  if (axis < 0 || value.shape.some((size, i) => size !== (i === axis ? channels : 1))) return false;
  const bias = graph.uniqueName(`${proto.name}_bias`);
  graph.initializers.set(toTensorProto({ ...value, shape: [channels] }, bias));
  conv.input = [conv.input[0] ?? "", conv.input[1] ?? "", bias];
  conv.output = [...add.output];
  graph.proto.node.splice(graph.proto.node.indexOf(add), 1);
  graph.refresh();
  return true;
}
