/**
 * Weights in blocks as the kernels want them. A panel has 8 channels and is one run of memory, block after block:
 *
 *   zero points   8 pairs of 16 bits, where channels differ in them: the zero point, and 128 times it, so that a factor of more
 *                 than 16 bits can multiply it in two parts
 *   codes         in steps of 8 terms: vectors of 4 channels x 4 terms, interleaved within bytes
 *   scales        8 of float32
 *
 * In a step, `quad` being which 4 of the 8 terms and `half` which 4 of the 8 channels, codes of 8 bits are 4 vectors
 * [quad][half]; codes of 4 bits are 2 vectors [quad] with half 0 in the low bits of a byte; codes of 2 bits are one vector,
 * with half 0 and half 1 of quad 0 in the lowest bits and those of quad 1 above. Blocks are filled up to whole steps.
 */
import { blockCount, type WeightedSpec, type Weights, weightedArithmetic } from "@bitbudget/backend";
import { dtypes, elementCount, type HostTensor, unpack } from "@bitbudget/core";
import { PANEL, type Product } from "./product.ts";
import { float32Weight } from "./weights.ts";

/** Whether codes that lie in blocks are multiplied with codes: those of less than a byte stay packed for int8 activations. */
export function multipliesBlocks(spec: WeightedSpec): boolean {
  const { weight, dynamic } = spec.attributes;
  if (dynamic?.dtype === "int8" && dtypes[weight.dtype].bits < 8) return true;
  return weight.granularity?.kind === "block" && weightedArithmetic(spec) !== "weight-only";
}

/** How codes lie in memory. */
export interface BlockLayout {
  readonly bits: 8 | 4 | 2;
  /** Terms of a block; tensors and channels are one block of all terms. */
  readonly size: number;
  readonly count: number;
  /** Quads of terms that a block takes, an even number. */
  readonly quads: number;
  /**
   * How a vector of 4 channels x 4 terms is ordered. "quads": [channel][4 terms], for products of bytes. "pairs":
   * [2 pairs of terms][channel][2 terms], for products of 16 bits. "terms": [4 terms][channel], for floats.
   */
  readonly order: "quads" | "pairs" | "terms";
  /** What is added to codes and zero points, so that all are from 0 up (or signed bytes, where that is wanted). */
  readonly offset: number;
  /** The zero point of all, with the offset; undefined: each block of a channel has its own. */
  readonly zeroPoint: number | undefined;
  readonly panelBytes: number;
}

export function blockLayout(
  { attributes: { weight } }: WeightedSpec,
  { zeroPoint }: Weights<"linear" | "conv2d">,
  { depth }: Product,
  order: BlockLayout["order"],
  operand: "unsigned" | "signed" = "unsigned",
): BlockLayout {
  const { bits, min } = dtypes[weight.dtype];
  const whole = Math.max(depth, 1);
  const size = weight.granularity?.kind === "block" ? Math.min(weight.granularity.size, whole) : whole;
  const count = blockCount(depth, size);
  const quads = 2 * Math.ceil(size / 8);
  const offset = operand === "signed" ? -min - 2 ** (bits - 1) : -min;
  const zeroPoints = zeroPoint === undefined ? [0] : codesOf(zeroPoint);
  const uniform = zeroPoints.length === 1 ? zeroPoints[0]! + offset : undefined;
  const blockBytes = (uniform === undefined ? 4 * PANEL : 0) + 4 * quads * bits + 4 * PANEL;
  return {
    bits: bits as BlockLayout["bits"],
    size,
    count,
    quads,
    order,
    offset,
    zeroPoint: uniform,
    panelBytes: count * blockBytes,
  };
}

/** Packs weights [groups * channels, depth]; each group's last panel is filled up with channels whose scale is 0. */
export function packBlocks(
  weights: Weights<"linear" | "conv2d">,
  product: Product,
  layout: BlockLayout,
): Uint8Array {
  const { groups, channels, depth } = product;
  const { bits, size, count, quads, offset, zeroPoint, panelBytes } = layout;
  const panels = Math.ceil(channels / PANEL);
  const packed = new Uint8Array(groups * panels * panelBytes);
  const view = new DataView(packed.buffer);
  const scales = float32Weight(weights.scale);
  const zeroPoints = codesOf(weights.zeroPoint);
  // There may be one scale for all.
  const scaleStep = scales.length === 1 ? 0 : 1;
  const zeroBytes = zeroPoint === undefined ? 4 * PANEL : 0;
  const codeBytes = 4 * quads * bits;
  const fourAt = quadReader(weights.weight, product, layout);
  const write = quadWriters[layout.order];
  for (let channel = 0; channel < groups * channels; channel++) {
    const group = Math.floor(channel / channels);
    const within = channel - group * channels;
    const column = within % PANEL;
    const half = column >> 2;
    // 2-bit codes of the second half of the channels are used 4 times as large (scripts/block-tiles.mjs).
    const factor = bits === 2 && half === 1 ? 4 : 1;
    let at = (group * panels + Math.floor(within / PANEL)) * panelBytes;
    for (let block = 0; block < count; block++) {
      const index = channel * count + block;
      if (zeroBytes > 0) {
        const own = (zeroPoints[index]! + offset) * factor;
        view.setInt16(at + 4 * column, own, true);
        view.setInt16(at + 4 * column + 2, own * 128, true);
      }
      at += zeroBytes;
      const first = block * size;
      const end = Math.min(size, depth - first);
      for (let k = 0; k < end; k += 4) {
        const four = fourAt(channel, first + k, end - k);
        const step = at + (k >> 3) * 8 * bits;
        const quad = (k >> 2) & 1;
        if (bits === 8) write(packed, step + 32 * quad + 16 * half, column & 3, four);
        else if (bits === 4) write(packed, step + 16 * quad, column & 3, four << (4 * half));
        else write(packed, step, column & 3, four << (4 * quad + 2 * half));
      }
      at += codeBytes;
      view.setFloat32(at + 4 * column, scales[index * scaleStep]! / factor, true);
      at += 4 * PANEL;
    }
  }
  return packed;
}

/** How four terms of a column go into a vector, beside what is in its bytes already. */
const quadWriters: {
  readonly [O in BlockLayout["order"]]: (
    to: Uint8Array,
    vector: number,
    column: number,
    four: number,
  ) => void;
} = {
  quads: (to, vector, column, four) => {
    const at = vector + 4 * column;
    to[at]! |= four;
    to[at + 1]! |= four >> 8;
    to[at + 2]! |= four >> 16;
    to[at + 3]! |= four >> 24;
  },
  pairs: (to, vector, column, four) => {
    const at = vector + 2 * column;
    to[at]! |= four;
    to[at + 1]! |= four >> 8;
    to[at + 8]! |= four >> 16;
    to[at + 9]! |= four >> 24;
  },
  terms: (to, vector, column, four) => {
    const at = vector + column;
    to[at]! |= four;
    to[at + 4]! |= four >> 8;
    to[at + 8]! |= four >> 16;
    to[at + 12]! |= four >> 24;
  },
};

/** Up to `count` codes of a channel from term k on, the offset added, in the bytes of a word. */
type QuadReader = (channel: number, k: number, count: number) => number;

function quadReader(
  weight: HostTensor | undefined,
  { depth, order }: Product,
  { bits, size, offset }: BlockLayout,
): QuadReader {
  // Offsets are 0 or half the number of codes, and to add that is to flip the highest bit.
  const flip = offset === 0 ? 0 : 0x01010101 << (bits - 1);
  const inOrder = depth < 2 || order(1) === 1;
  if (inOrder && depth % 4 === 0 && size % 4 === 0) {
    const bytes = bytesOf(weight);
    if (bits === 8) {
      return (channel, k) => {
        const at = channel * depth + k;
        return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) ^ flip;
      };
    }
    if (bits === 4) {
      return (channel, k) => {
        const at = (channel * depth + k) >> 1;
        const four = bytes[at]! | (bytes[at + 1]! << 16);
        return ((four | (four << 4)) & 0x0f0f0f0f) ^ flip;
      };
    }
    return (channel, k) => {
      const four = bytes[(channel * depth + k) >> 2]!;
      const pairs = (four | (four << 12)) & 0x000f000f;
      return ((pairs | (pairs << 6)) & 0x03030303) ^ flip;
    };
  }
  const codes = codesOf(weight);
  const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
  const mask = 2 ** bits - 1;
  return (channel, k, count) => {
    let four = 0;
    for (let i = 0; i < Math.min(count, 4); i++)
      four |= ((codes[channel * depth + terms[k + i]!]! + offset) & mask) << (8 * i);
    return four;
  };
}

function bytesOf(tensor: HostTensor | undefined): Uint8Array {
  if (tensor === undefined) return new Uint8Array(0);
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Integer codes, unpacked. */
function codesOf(tensor: HostTensor | undefined): Uint8Array | Int8Array {
  if (tensor === undefined) return new Uint8Array(0);
  const { dtype, data, shape } = tensor;
  if (dtypes[dtype].bits < 8) return unpack(dtype, data as Uint8Array, elementCount(shape)) as Uint8Array;
  return data as Uint8Array | Int8Array;
}
