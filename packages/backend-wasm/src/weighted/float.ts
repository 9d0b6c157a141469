/** float x float: sums of products in float32. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import { functionCode } from "../functions.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { PANEL, type Product, packChannels, packPanels, sharesPanels, workOf } from "./product.ts";
import { float32Weight } from "./weights.ts";

export function compileFloat(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const { rows, depth, groups, channels, groupChannels, geometry } = product;
  const all = groups * channels;
  const panels = Math.ceil(channels / PANEL);
  const w = owned.store(packPanels(float32Weight(weights.weight), product));
  const bias = weights.bias === undefined ? new Float32Array(all) : float32Weight(weights.bias);
  const init = owned.store(packChannels(bias, product));
  const { fn, alpha, beta } = functionCode(spec.attributes.activation)!;
  const byPanels = sharesPanels(product);
  const work = workOf(product) / groups;
  return ([x], [y]) => {
    for (let group = 0; group < groups; group++)
      context.run(
        "productF32",
        byPanels ? panels : rows,
        work,
        byPanels ? 1 : 0,
        x!,
        geometry,
        group * groupChannels,
        w + group * panels * PANEL * depth * 4,
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
