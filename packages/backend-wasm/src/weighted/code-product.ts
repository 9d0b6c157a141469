/** Products of codes: what static and dynamic activations have in common (assembly/product-i8.as). */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Owned } from "../memory/owned.ts";
import { type CodeForm, formShift } from "./code-form.ts";
import { packCodes } from "./code-weights.ts";
import { storeFinish } from "./finish.ts";
import { PANEL, type Product, sharesPanels, workOf } from "./product.ts";

export interface CodeProduct {
  /** Sum of each channel's weights less their zero points, wrapping, panel by panel. */
  readonly sums: Int32Array;
  /** Panels of all groups. */
  readonly panels: number;
  run(operands: CodeOperands): void;
}

/** Addresses. */
export interface CodeOperands {
  /** Activations in the form of the product. */
  readonly x: number;
  /** The number that stands for 0 in that form, an int32. */
  readonly padding: number;
  /** What sums start with, panel by panel. */
  readonly init: number;
  readonly y: number;
  /** Scales of the rows, 4 bytes apart, or one for all where the step is 0. */
  readonly rowScales: number;
  readonly rowScaleStep: 0 | 4;
}

/** @param rowStep elements from one row of the activations to the next */
export function codeProduct(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
  form: CodeForm,
  rowStep = product.depth,
): CodeProduct {
  const { rows, depth, groups, channels, groupChannels, geometry } = product;
  const packed = packCodes(context, weights, product, owned);
  const byPanels = sharesPanels(product);
  const fields = owned.store(
    codeFields({
      ...{ rows, depth, groups, channels, groupChannels, geometry },
      ...{ rowStep, form, byPanels, ones: packed.ones, zeros: packed.zeros },
      finish: storeFinish(spec, weights, product, owned),
    }),
  );
  const panels = groups * Math.ceil(channels / PANEL);
  // A product of bytes is about a quarter of one of floats.
  const work = workOf(product) / 4;
  return {
    sums: packed.sums,
    panels,
    run({ x, padding, init, y, rowScales, rowScaleStep }) {
      const total = byPanels ? panels : rows;
      context.run(
        ...(["productI8", total, work, fields, x, padding] as const),
        ...([packed.panels, init, y, rowScales, rowScaleStep] as const),
      );
    },
  };
}

export interface CodeFields extends Omit<Product, "order"> {
  readonly form: CodeForm;
  /** Elements from one row of the activations to the next. */
  readonly rowStep: number;
  /** Whether ranges count panels, else rows. */
  readonly byPanels: boolean;
  /** Addresses, as in CodeWeights. */
  readonly ones: number;
  readonly zeros: number;
  /** Address of the Finish. */
  readonly finish: number;
}

/** The fields of CodeProduct (assembly/product-i8.as). */
export function codeFields(f: CodeFields): Int32Array {
  const shift = formShift(f.form);
  return Int32Array.of(
    ...[f.rows, f.depth, f.groups, f.channels, f.groupChannels, f.geometry],
    ...[f.rowStep << shift, shift, f.byPanels ? 1 : 0, f.ones, f.zeros, f.finish],
  );
}
