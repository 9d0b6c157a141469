/** What products that sum in float32 have in common, whatever their weights are stored as. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { RangeArguments } from "../context.ts";
import { functionCode } from "../functions.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { PANEL, type Product, packChannels, sharesPanels, workOf } from "./product.ts";
import { float32Weight } from "./weights.ts";

export interface Panels {
  /** Address of the packed weights. */
  readonly address: number;
  /** Bytes of one panel of 8 channels. */
  readonly bytes: number;
}

/** Calls `multiply` for each group with the arguments of productF32 (assembly/product-f32.as). */
export function compileFloatSums(
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
  { address, bytes }: Panels,
  multiply: (total: number, work: number, ...sums: RangeArguments<"productF32">) => void,
): Run {
  const { rows, depth, groups, channels, groupChannels, geometry } = product;
  const all = groups * channels;
  const panels = Math.ceil(channels / PANEL);
  const bias = weights.bias === undefined ? new Float32Array(all) : float32Weight(weights.bias);
  const init = owned.store(packChannels(bias, product));
  const { fn, alpha, beta } = functionCode(spec.attributes.activation)!;
  const byPanels = sharesPanels(product);
  const work = workOf(product) / groups;
  return ([x], [y]) => {
    for (let group = 0; group < groups; group++)
      multiply(
        byPanels ? panels : rows,
        work,
        byPanels ? 1 : 0,
        x!,
        geometry,
        group * groupChannels,
        address + group * panels * bytes,
        init + group * panels * PANEL * 4,
        y! + group * channels * 4,
        all * 4,
        rows,
        depth,
        channels,
        fn,
        alpha,
        beta,
      );
  };
}
