/** 3x3 convolutions by Winograd's F(2x2, 3x3): when it is worth it, and its transformed filters. */
import { type KernelSpec, type Weights, weightedArithmetic, windowOutput } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import { functionCode } from "../functions.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { PANEL, type Product, packChannels } from "./product.ts";
import { float32Weight } from "./weights.ts";

/** Bytes of transformed patches in thread scratch: PATCH_BYTES of assembly/winograd-f32.as. */
const PATCH_BYTES = 1 << 18;
/** Rows that keep the tiles of the products busy; with fewer, reading the filters costs more than is saved. */
const LEAST_TILES = 12;

/** Whether a convolution of images with their channels last is for `compileWinograd`. */
export function isWinograd(spec: KernelSpec<"conv2d">): boolean {
  const { kernel, strides, dilations, groups, channels, weight } = spec.attributes;
  if (weightedArithmetic(spec) !== "float" || weight.dtype !== "float32") return false;
  if (kernel.some((n) => n !== 3) || [...strides, ...dilations, groups].some((n) => n !== 1)) return false;
  const { channels: depth } = windowOutput(spec, spec.inputs[0]!).image;
  return (
    depth % 4 === 0 &&
    depth >= 16 &&
    channels >= 16 &&
    Math.min(tilesOf(spec), tilesOfBlock(depth)) >= LEAST_TILES
  );
}

/** Tiles of 2x2 outputs. */
function tilesOf(spec: KernelSpec<"conv2d">): number {
  const { image, height, width } = windowOutput(spec, spec.inputs[0]!);
  return image.batch * Math.ceil(height / 2) * Math.ceil(width / 2);
}

function tilesOfBlock(channels: number): number {
  const fitting = Math.floor(PATCH_BYTES / (16 * channels * 4));
  return Math.min(fitting - (fitting % 6), 60);
}

export function compileWinograd(
  context: Context,
  spec: KernelSpec<"conv2d">,
  weights: Weights<"conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const { geometry, groupChannels, channels, rows, depth } = product;
  const { batch } = windowOutput(spec, spec.inputs[0]!).image;
  const block = tilesOfBlock(groupChannels);
  const blocks = Math.ceil(tilesOf(spec) / block);
  const w = owned.store(transformFilters(float32Weight(weights.weight), channels, groupChannels));
  const bias = weights.bias === undefined ? new Float32Array(channels) : float32Weight(weights.bias);
  const init = owned.store(packChannels(bias, product));
  const zeros = owned.store(new Float32Array(Math.max(groupChannels, 4 * PANEL)));
  const { fn, alpha, beta } = functionCode(spec.attributes.activation)!;
  const work = (rows * depth * channels * 4) / 9;
  return ([x], [y]) =>
    context.run(
      "winogradF32",
      blocks,
      work,
      x!,
      geometry,
      w,
      init,
      zeros,
      y!,
      block,
      batch,
      channels,
      fn,
      alpha,
      beta,
    );
}

/** G g G^T of every filter, in float64: 16 matrices [filters, channels], each as panels of [channels][8 filters]. */
function transformFilters(weights: Float32Array, filters: number, channels: number): Float32Array {
  const size = Math.ceil(filters / PANEL) * PANEL * channels;
  const packed = new Float32Array(16 * size);
  for (let filter = 0, from = 0; filter < filters; filter++) {
    let at = Math.floor(filter / PANEL) * PANEL * channels + (filter % PANEL);
    for (let channel = 0; channel < channels; channel++, from += 9, at += PANEL)
      for (let row = 0; row < 4; row++) {
        const to = at + row * 4 * size;
        const a = rowOf(row, weights[from]!, weights[from + 3]!, weights[from + 6]!);
        const b = rowOf(row, weights[from + 1]!, weights[from + 4]!, weights[from + 7]!);
        const c = rowOf(row, weights[from + 2]!, weights[from + 5]!, weights[from + 8]!);
        packed[to] = a;
        packed[to + size] = (a + b + c) / 2;
        packed[to + 2 * size] = (a - b + c) / 2;
        packed[to + 3 * size] = c;
      }
  }
  return packed;
}

/** A row of G times a column of a filter. */
function rowOf(row: number, a: number, b: number, c: number): number {
  return row === 0 ? a : row === 3 ? c : (row === 1 ? a + b + c : a - b + c) / 2;
}
