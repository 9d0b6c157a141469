/** What the rows of a weight are multiplied with: some of the vectors that a layer's input consists of. */
import { elementCount, type HostTensor } from "@bitbudget/core";
import { getInt, getInts, getString, type NodeProto } from "@bitbudget/onnx";
import type { Layer, LayerWeight } from "../layers.ts";
import { type WeightMatrix, weightMatrix } from "./matrix.ts";

/** Chooses `limit` of `count` positions, or all. Called once for each tensor, in order. */
export type Choice = (count: number, limit: number) => Int32Array;

/**
 * Rows [groups, count, size] of the input of a layer with a weight that is a matrix.
 * @param limit of rows, chosen among all vectors or positions of all samples
 */
export function layerRows(
  layer: Layer,
  weight: LayerWeight,
  input: HostTensor,
  limit: number,
  choose: Choice,
): { readonly rows: Float32Array; readonly count: number } {
  const matrix = weightMatrix(layer, weight)!;
  if (layer.opType === "Conv") return windowRows(layer.node, weight.shape, matrix, input, limit, choose);
  const data = input.data as Float32Array;
  const { size } = matrix;
  const all = data.length / size;
  const isTransposed = layer.opType === "Gemm" && getInt(layer.node, "transA", 0) === 1;
  const [rowStride, stride] = isTransposed ? [1, all] : [size, 1];
  const chosen = choose(all, limit);
  const rows = new Float32Array(chosen.length * size);
  chosen.forEach((row, at) => {
    for (let i = 0; i < size; i++) rows[at * size + i] = data[row * rowStride + i * stride]!;
  });
  return { rows, count: chosen.length };
}

interface Axis {
  readonly length: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly outputs: number;
}

function windowRows(
  node: NodeProto,
  [, perGroup = 0, ...window]: readonly number[],
  { groups, size }: WeightMatrix,
  { shape, data }: HostTensor,
  limit: number,
  choose: Choice,
): { rows: Float32Array; count: number } {
  const [batch = 0, channels = 0, ...spatial] = shape;
  const axes = spatial.map((length, i) => axisOf(node, length, window[i] ?? 1, i, spatial.length));
  const area = elementCount(spatial);
  const taps = elementCount(window);
  const outputs = elementCount(axes.map((axis) => axis.outputs));
  const chosen = choose(batch * outputs, limit);
  const count = chosen.length;
  const rows = new Float32Array(groups * count * size);
  const offsets = new Int32Array(taps);
  for (let at = 0; at < count; at++) {
    const sample = Math.floor(chosen[at]! / outputs);
    tapOffsets(axes, chosen[at]! % outputs, offsets);
    for (let channel = 0; channel < channels; channel++) {
      const group = Math.floor(channel / perGroup);
      const to = (group * count + at) * size + (channel - group * perGroup) * taps;
      const from = (sample * channels + channel) * area;
      for (let tap = 0; tap < taps; tap++) {
        const offset = offsets[tap]!;
        if (offset >= 0) rows[to + tap] = (data as Float32Array)[from + offset]!;
      }
    }
  }
  return { rows, count };
}

/** Where in a channel each tap of a window reads, -1 in the padding. */
function tapOffsets(axes: readonly Axis[], position: number, offsets: Int32Array): void {
  offsets.fill(0);
  let rest = position;
  let inner = 1;
  let step = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    const { length, taps, stride, dilation, begin, outputs } = axes[i]!;
    const start = (rest % outputs) * stride - begin;
    rest = Math.floor(rest / outputs);
    for (let at = 0; at < offsets.length; at++) {
      const x = start + (Math.floor(at / inner) % taps) * dilation;
      if (x < 0 || x >= length) offsets[at] = -1;
      else if (offsets[at]! >= 0) offsets[at]! += x * step;
    }
    inner *= taps;
    step *= length;
  }
}

/** ONNX Conv: the length of the result and where the first window starts. */
function axisOf(node: NodeProto, length: number, taps: number, i: number, rank: number): Axis {
  const stride = getInts(node, "strides", [])[i] ?? 1;
  const dilation = getInts(node, "dilations", [])[i] ?? 1;
  const pads = getInts(node, "pads", []);
  const autoPad = getString(node, "auto_pad", "NOTSET") || "NOTSET";
  const extent = (taps - 1) * dilation + 1;
  let [begin, end] = [pads[i] ?? 0, pads[i + rank] ?? 0];
  if (autoPad.startsWith("SAME")) {
    const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length);
    begin = autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
    end = total - begin;
  } else if (autoPad === "VALID") [begin, end] = [0, 0];
  const outputs = Math.floor((length + begin + end - extent) / stride) + 1;
  return { length, taps, stride, dilation, begin, outputs };
}
