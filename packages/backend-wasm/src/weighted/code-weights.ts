/** Weights of products of codes, packed for assembly/product-i8.as. */
import type { Weights } from "@bitbudget/backend";
import { decodeArray, elementCount, type HostTensor } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Owned } from "../memory/owned.ts";
import { PANEL, type Product, packChannels } from "./product.ts";
import { spread } from "./weights.ts";

/** Terms that are neighbours in a panel: one dot product of bytes takes as many. */
const QUAD = 4;

export interface CodeWeights {
  /** Address of the panels. */
  readonly panels: number;
  /** Sum of each channel's weights less their zero points, wrapping, panel by panel. */
  readonly sums: Int32Array;
  /** Addresses of a panel whose first column is ones, and of the zero points; 0 where all zero points are 0. */
  readonly ones: number;
  readonly zeros: number;
}

/** Bytes of the packed weights of a group. */
export function packedBytes(depth: number, channels: number): number {
  return Math.ceil(channels / PANEL) * PANEL * Math.ceil(depth / QUAD) * QUAD;
}

/**
 * Weights of 8, 4 or 2 bits as panels of int8. Less their zero points, if that fits: then products have fewer terms. Else as
 * codes, uint8 ones and their zero points less 128.
 */
export function packCodes(
  { memory, exports }: Context,
  { weight, zeroPoint }: Weights<"linear" | "conv2d">,
  product: Product,
  owned: Owned,
): CodeWeights {
  const { groups, channels, depth, groupChannels } = product;
  const { codes, flip, zeros } = bytesOf(weight, spread(zeroPoint, 0, groups * channels), depth);
  const panels = groups * Math.ceil(channels / PANEL);
  const packed = owned.allocate(groups * packedBytes(depth, channels));
  const temporary = memory.allocate(2 * codes.length + panels * PANEL * 4);
  const sumsAt = temporary + 2 * codes.length;
  memory.bytes(temporary, codes.length).set(codes);
  // Filters are [groupChannels, area]; their windows come as [area, groupChannels].
  const area = groupChannels === 0 ? 1 : depth / groupChannels;
  const turned = area === 1 ? temporary : temporary + codes.length;
  if (area > 1)
    exports.transposeMatrices(0, groups * channels * area, temporary, turned, groupChannels, area, 0);
  exports.packMatrices(0, panels, turned, depth, channels, 1, flip, -1, 0, packed, sumsAt);
  const sums = new Int32Array(memory.bytes(sumsAt, panels * PANEL * 4).slice().buffer);
  memory.free(temporary);
  if (zeros === undefined) return { panels: packed, sums, ones: 0, zeros: 0 };
  const zerosByPanel = packChannels(zeros, product);
  return {
    panels: packed,
    sums: sums.map((sum, i) => sum - Math.imul(zerosByPanel[i]!, depth)),
    ones: owned.store(packOnes(depth)),
    zeros: owned.store(zerosByPanel),
  };
}

interface CodeBytes {
  readonly codes: Uint8Array;
  /** 128 where they are uint8 codes, which are packed less 128. */
  readonly flip: 0 | 128;
  /** Zero points of what is packed; undefined where all of them are 0. */
  readonly zeros: Int32Array | undefined;
}

function bytesOf(weight: HostTensor | undefined, zeroPoints: Float64Array, depth: number): CodeBytes {
  const flip = weight?.dtype === "uint8" ? 128 : 0;
  const codes = codesOf(weight);
  const zeros = Int32Array.from(zeroPoints, (zero) => zero - flip);
  const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
  if (zeros.every((zero) => zero === 0)) return { codes: bytes, flip, zeros: undefined };
  const less = lessZeros(codes, zeroPoints, depth);
  return less === undefined ? { codes: bytes, flip, zeros } : { codes: less, flip: 0, zeros: undefined };
}

/** Codes as bytes. */
function codesOf(weight: HostTensor | undefined): Int8Array | Uint8Array {
  if (weight === undefined) return new Int8Array(0);
  const { data, dtype, shape } = weight;
  if (dtype === "int8" && data instanceof Int8Array) return data;
  if (dtype === "uint8" && data instanceof Uint8Array) return data;
  return Int8Array.from(decodeArray(dtype, data, elementCount(shape)));
}

/** Codes less the zero points of their channels, if all of them are int8 then. */
function lessZeros(
  codes: Int8Array | Uint8Array,
  zeroPoints: Float64Array,
  depth: number,
): Uint8Array | undefined {
  const less = new Int8Array(codes.length);
  for (let channel = 0, i = 0; channel < zeroPoints.length; channel++) {
    const zero = zeroPoints[channel]!;
    for (const end = i + depth; i < end; i++) {
      const factor = codes[i]! - zero;
      if (factor < -128 || factor > 127) return undefined;
      less[i] = factor;
    }
  }
  return new Uint8Array(less.buffer);
}

/** A panel of one channel, all ones: its products are sums of rows. */
export function packOnes(depth: number): Int8Array {
  const packed = new Int8Array(packedBytes(depth, PANEL));
  for (let k = 0; k < depth; k++) packed[Math.floor(k / QUAD) * QUAD * PANEL + (k % QUAD)] = 1;
  return packed;
}
