/**
 * Codes in blocks times activations that are codes, too: quantized by row or block as they come (dynamic int8), by tensor
 * (dynamic uint8), or before (static). The int32 sums of blocks become floats.
 */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import { functionCode } from "../functions.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { quantizedTensor } from "./dynamic.ts";
import { type BlockLayout, blockLayout, packBlocks } from "./pack-blocks.ts";
import { PANEL, type Product, packChannels, sharesPanels, workOf } from "./product.ts";
import { inForm } from "./static.ts";
import { float32Weight, numbers } from "./weights.ts";

type Compile = (
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
) => Run;

/** Activations quantized to int8. */
export const compileBlocks: Compile = (context, spec, weights, owned, product) => {
  const { rows, depth } = product;
  const { dynamic, weight } = spec.attributes;
  const wholeBytes = weight.dtype === "int8" || weight.dtype === "uint8";
  // Whole bytes take the relaxed dot product of bytes only where that is exact for them.
  const wide = !context.relaxed || (wholeBytes && context.dot === "seven");
  const operand = wholeBytes && context.dot === "signed" ? "signed" : "unsigned";
  const layout = blockLayout(spec, weights, product, wide ? "pairs" : "quads", operand);
  const { codesAt, run } = blockProduct(context, spec, weights, owned, product, layout);
  const { size, quads, zeroPoint } = layout;
  const byRow = dynamic?.granularity === "row" ? 1 : 0;
  const zeroPoints = zeroPoint === undefined ? 1 : 0;
  return ([x], [y]) => {
    const codes = codesAt();
    context.run(
      ...(["quantizeBlocks", rows, rows * depth * 4, x!, depth, size, quads] as const),
      ...([byRow, wide ? 1 : 0, zeroPoints, zeroPoint ?? 0, codes] as const),
    );
    run(codes, y!);
  };
};

/** Activations with one scale and zero point, as numbers of 16 bits less the zero point. */
export const compileWideBlocks: Compile = (context, spec, weights, owned, product) => {
  const { rows, depth } = product;
  const [type] = spec.inputs;
  const count = elementCount(type!.shape);
  const layout = blockLayout(spec, weights, product, "pairs");
  const { size, quads, zeroPoint } = layout;
  const zeroPoints = zeroPoint === undefined ? 1 : 0;
  const { codesAt, run } = blockProduct(context, spec, weights, owned, product, layout);
  let activations: (x: number) => { readonly codes: number; readonly scale: number };
  if (spec.attributes.dynamic === undefined) {
    const scale = owned.store(float32Weight(weights.inputScale));
    const [inputZeroPoint = 0] = numbers(weights.inputZeroPoint);
    const widen = inForm(context, "wide", type!.dtype, inputZeroPoint, count, owned);
    activations = (x) => ({ codes: widen(x), scale });
  } else activations = quantizedTensor(context, "wide", count, owned);
  return ([x], [y]) => {
    const { codes, scale } = activations(x!);
    const arranged = codesAt();
    context.run(
      ...(["arrangeBlocks", rows, rows * depth, codes, depth, size, quads] as const),
      ...([zeroPoints, zeroPoint ?? 0, scale, arranged] as const),
    );
    run(arranged, y!);
  };
};

interface BlockProduct {
  /** Where the activations go, laid out as assembly/blocks-quantize.as does it. */
  readonly codesAt: () => number;
  readonly run: (codes: number, y: number) => void;
}

function blockProduct(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
  layout: BlockLayout,
): BlockProduct {
  const { rows, channels } = product;
  const { bits, count, quads, zeroPoint, order } = layout;
  const wide = order === "pairs" ? 1 : 0;
  const w = owned.store(packBlocks(weights, product, layout));
  const bias = weights.bias === undefined ? new Float32Array(channels) : float32Weight(weights.bias);
  const init = owned.store(packChannels(bias, product));
  const rowBytes = count * (8 + quads * (wide ? 8 : 4));
  const { fn, alpha, beta } = functionCode(spec.attributes.activation)!;
  const byPanels = sharesPanels(product);
  const total = byPanels ? Math.ceil(channels / PANEL) : rows;
  const work = workOf(product) / 4;
  return {
    codesAt: owned.workspace(rows * rowBytes),
    run: (codes, y) =>
      context.run(
        ...(["productBlocks", total, work, byPanels ? 1 : 0, codes, rowBytes, w, init, y] as const),
        ...([rows, channels, count, quads, bits, wide, zeroPoint === undefined ? 1 : 0] as const),
        ...([fn, alpha, beta] as const),
      ),
  };
}
