/** The operators that the runtime has: domain, name, and the function that lowers them. */
import type { Operator } from "../operator.ts";
import { algebra } from "./algebra.ts";
import { attentions } from "./attention.ts";
import { blockProducts } from "./block-weights.ts";
import { casts } from "./casts.ts";
import { constants } from "./constants.ts";
import { convolutions } from "./convolutions.ts";
import { cumulatives } from "./cumulative.ts";
import { quantizedRecurrent } from "./dynamic-quantize-lstm.ts";
import { elementwise } from "./elementwise.ts";
import { gated } from "./gated.ts";
import { gathering } from "./gather.ts";
import { groupQueryAttentions } from "./group-query-attention.ts";
import { integerProducts } from "./integer-products.ts";
import { internal } from "./internal.ts";
import { layout } from "./layout.ts";
import { linearAttentions } from "./linear-attention.ts";
import { losses } from "./losses.ts";
import { microsoftFusions } from "./microsoft.ts";
import { microsoftAttentions } from "./microsoft-attention.ts";
import { normalizations } from "./normalization.ts";
import { padding } from "./pad.ts";
import { pairs } from "./pairs.ts";
import { pools } from "./pool.ts";
import { products } from "./products.ts";
import { qLinear } from "./qlinear.ts";
import { quantizers } from "./quantize.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reduce.ts";
import { regions } from "./regions.ts";
import { resizing } from "./resize.ts";
import { microsoftRotary, rotary } from "./rotary.ts";
import { sampling } from "./sampling.ts";
import { scattering } from "./scatter.ts";
import { selection } from "./selection.ts";
import { shapes } from "./shapes.ts";
import { signals } from "./signal.ts";
import { weightOnly } from "./weight-only.ts";

/** Operators of one domain, by name. */
export type OperatorTable = Readonly<Record<string, Operator>>;

const standard: readonly OperatorTable[] = [
  attentions,
  gated,
  linearAttentions,
  rotary,
  casts,
  elementwise,
  pairs,
  recurrent,
  shapes,
  constants,
  layout,
  padding,
  gathering,
  scattering,
  reductions,
  selection,
  cumulatives,
  convolutions,
  resizing,
  sampling,
  regions,
  algebra,
  losses,
  signals,
  pools,
  products,
  normalizations,
  quantizers,
  integerProducts,
];
const microsoft: readonly OperatorTable[] = [
  quantizedRecurrent,
  microsoftRotary,
  microsoftAttentions,
  groupQueryAttentions,
  qLinear,
  blockProducts,
  microsoftFusions,
  linearAttentions,
];

const tables = new Map<string, ReadonlyMap<string, Operator>>([
  ["", merge(standard)],
  ["com.microsoft", merge(microsoft)],
  ["bitbudget", merge([internal, weightOnly])],
]);

function merge(parts: readonly OperatorTable[]): Map<string, Operator> {
  return new Map(parts.flatMap((table) => Object.entries(table)));
}

export function findOperator(domain: string, opType: string): Operator | undefined {
  return tables.get(domain)?.get(opType);
}

/** All operators by domain, for the list in the documentation. */
export function operatorNames(domain = ""): string[] {
  return [...(tables.get(domain)?.keys() ?? [])].sort();
}
