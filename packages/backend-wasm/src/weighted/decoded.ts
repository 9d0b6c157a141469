/**
 * float32 activations times weights of 16 bits or less, which become floats as they are used: codes ("weight-only"),
 * float16 and bfloat16.
 */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { compileFloatSums } from "./float-sums.ts";
import { blockLayout, packBlocks } from "./pack-blocks.ts";
import { PANEL, type Product } from "./product.ts";

export function compileDecoded(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const isCoded = spec.attributes.weight.granularity !== undefined;
  const { bytes, fields, panelBytes } = isCoded
    ? packedCodes(spec, weights, product)
    : packedHalves(weights, product);
  const panels = { address: owned.store(bytes), bytes: panelBytes };
  const packed = owned.store(fields);
  return compileFloatSums(spec, weights, owned, product, panels, (total, work, ...sums) =>
    context.run("productDecoded", total, work, packed, ...sums),
  );
}

interface Packed {
  readonly bytes: Uint8Array | Uint16Array;
  /** The Packed of assembly/decode.as. */
  readonly fields: Int32Array;
  readonly panelBytes: number;
}

function packedCodes(spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, product: Product): Packed {
  const layout = blockLayout(spec, weights, product, "terms");
  const { bits, size, quads, zeroPoint, panelBytes } = layout;
  const fields = Int32Array.of(
    bits,
    size,
    quads,
    zeroPoint === undefined ? 1 : 0,
    zeroPoint ?? 0,
    panelBytes,
  );
  return { bytes: packBlocks(weights, product, layout), fields, panelBytes };
}

/** Panels of [depth][8 channels]. */
function packedHalves(
  { weight }: Weights<"linear" | "conv2d">,
  { groups, channels, depth, order }: Product,
): Packed {
  const panels = Math.ceil(channels / PANEL);
  const bits = weight?.data as Uint16Array;
  const packed = new Uint16Array(groups * panels * PANEL * depth);
  const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
  let to = 0;
  for (let group = 0; group < groups; group++)
    for (let first = 0; first < panels * PANEL; first += PANEL) {
      const from = (group * channels + first) * depth;
      const columns = Math.min(PANEL, channels - first);
      for (let k = 0; k < depth; k++, to += PANEL)
        for (let column = 0; column < columns; column++)
          packed[to + column] = bits[from + column * depth + terms[k]!]!;
    }
  const panelBytes = PANEL * depth * 2;
  const format = weight?.dtype === "float16" ? 16 : 17;
  return {
    bytes: packed,
    fields: Int32Array.of(format, Math.max(depth, 1), 0, 0, 0, panelBytes),
    panelBytes,
  };
}

/** Whether a float16 tensor has infinities or NaN, which the kernels do not decode. */
export function hasInfinities(weight: HostTensor | undefined): boolean {
  return (
    weight?.dtype === "float16" && (weight.data as Uint16Array).some((bits) => (bits & 0x7c00) === 0x7c00)
  );
}
