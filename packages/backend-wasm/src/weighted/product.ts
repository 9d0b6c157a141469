/**
 * What linear and conv2d have in common: rows of activations times panels of weights. A linear's rows are those of its
 * input; a convolution's are windows over an image with its channels last, which the kernels lay out as they need them.
 */
import {
  type Conv2dAttributes,
  conv2dDepth,
  type KernelSpec,
  linearDepth,
  windowOutput,
} from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { NumberArray } from "../memory/linear-memory.ts";
import type { Owned } from "../memory/owned.ts";

export interface Product {
  /** Rows of activations: positions of the output. */
  readonly rows: number;
  /** Terms of one sum. */
  readonly depth: number;
  readonly groups: number;
  /** Sums of one group in a row of the output. */
  readonly channels: number;
  /** Elements of a group in one position of the input; 0 where the rows are those of the input. */
  readonly groupChannels: number;
  /** Address of the Geometry (assembly/geometry.as), or 0 where the rows are those of the input. */
  readonly geometry: number;
  /** Filters are [c, kh, kw], and rows have their terms as [kh, kw, c]. */
  readonly order: WeightOrder;
}

/** Index of the weight, within its channel, that term `k` is multiplied with. */
export type WeightOrder = (k: number) => number;

export function linearProduct(spec: KernelSpec<"linear">): Product {
  const shape = spec.inputs[0]?.shape ?? [];
  return {
    rows: elementCount(shape.slice(0, -1)),
    depth: linearDepth(spec),
    groups: 1,
    channels: spec.attributes.channels,
    groupChannels: 0,
    geometry: 0,
    order: (k) => k,
  };
}

/** For images with their channels last. */
export function convProduct(spec: KernelSpec<"conv2d">, owned: Owned): Product {
  const { attributes } = spec;
  const [kernelHeight, kernelWidth] = attributes.kernel;
  const { image, height, width } = windowOutput(spec, spec.inputs[0]!);
  const { groups } = attributes;
  const groupChannels = image.channels / groups;
  const area = kernelHeight * kernelWidth;
  const common = {
    rows: image.batch * height * width,
    depth: conv2dDepth(spec),
    groups,
    channels: attributes.channels / groups,
    groupChannels,
    order: (k: number) => (k % groupChannels) * area + Math.floor(k / groupChannels),
  };
  if (isPointwise(attributes)) return { ...common, geometry: 0 };
  const fields = [
    ...[image.height, image.width, image.channels, groupChannels, height, width, kernelHeight, kernelWidth],
    ...attributes.strides,
    ...attributes.dilations,
    ...attributes.pads.slice(0, 2),
  ];
  return { ...common, geometry: owned.store(Int32Array.from(fields)) };
}

/** Whether windows are single positions of all channels, so that rows of the input are rows of the product. */
export function isPointwise({ groups, kernel, strides, pads }: Conv2dAttributes): boolean {
  return groups === 1 && [...kernel, ...strides].every((n) => n === 1) && pads.every((n) => n === 0);
}

/** Columns of a panel of packed weights. */
export const PANEL = 8;

/**
 * Weights [groups * channels, depth] as panels of [depth][8 channels], each group's last panel filled up with zeros:
 * the layout of assembly/gen/tiles.ts for floats.
 */
export function packPanels(weights: NumberArray, { groups, channels, depth, order }: Product): Float32Array {
  const panels = Math.ceil(channels / PANEL);
  const packed = new Float32Array(groups * panels * PANEL * depth);
  const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
  for (let group = 0; group < groups; group++)
    for (let channel = 0; channel < channels; channel++) {
      const from = (group * channels + channel) * depth;
      const panel = group * panels + Math.floor(channel / PANEL);
      const to = panel * PANEL * depth + (channel % PANEL);
      for (let k = 0; k < depth; k++) packed[to + k * PANEL] = weights[from + terms[k]!]!;
    }
  return packed;
}

/** One number for each channel, panel by panel, filled up with zeros. */
export function packChannels<T extends Float32Array | Int32Array>(
  values: T,
  { groups, channels }: Pick<Product, "groups" | "channels">,
): T {
  const panels = Math.ceil(channels / PANEL);
  const packed = new (values.constructor as new (length: number) => T)(groups * panels * PANEL);
  for (let group = 0; group < groups; group++)
    packed.set(values.subarray(group * channels, (group + 1) * channels) as T, group * panels * PANEL);
  return packed;
}

/** Whether threads share the panels of a product rather than its rows: few rows leave nothing to share. */
export function sharesPanels({ rows, channels }: Pick<Product, "rows" | "channels">): boolean {
  return rows < 48 && channels > rows;
}

/** Multiply-adds of a product. */
export function workOf({ rows, depth, groups, channels }: Product): number {
  return rows * depth * groups * channels;
}
