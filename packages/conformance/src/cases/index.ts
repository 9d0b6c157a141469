/** The list of cases. Adding an op: its file of cases, and a line here. */
import type { OpName } from "@bitbudget/backend";
import type { Case } from "../case.ts";
import { attention } from "./attention.ts";
import { binary } from "./binary.ts";
import { cast } from "./cast.ts";
import { conv2d } from "./conv2d.ts";
import { convolution } from "./convolution.ts";
import { dequantize } from "./dequantize.ts";
import { elementwise } from "./elementwise.ts";
import { gather } from "./gather.ts";
import { concat, transpose } from "./layout.ts";
import { linear } from "./linear.ts";
import { lookup } from "./lookup.ts";
import { matmul } from "./matmul.ts";
import { batchNorm, layerNorm } from "./normalization.ts";
import { pad } from "./pad.ts";
import { poolGrad } from "./pool-grad.ts";
import { pool2d } from "./pool2d.ts";
import { quantize } from "./quantize.ts";
import { recurrent } from "./recurrent.ts";
import { reduce } from "./reduce.ts";
import { requantize } from "./requantize.ts";
import { resize } from "./resize.ts";
import { scatterAdd } from "./scatter-add.ts";
import { expand, slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { unary } from "./unary.ts";
import { where } from "./where.ts";

const byOp: { readonly [O in OpName]: readonly Case[] } = {
  linear,
  conv2d,
  convolution,
  matmul,
  quantize,
  dequantize,
  requantize,
  unary,
  binary,
  elementwise,
  lookup,
  cast,
  where,
  reduce,
  softmax,
  attention,
  recurrent,
  layerNorm,
  batchNorm,
  pool2d,
  poolGrad,
  transpose,
  slice,
  expand,
  concat,
  gather,
  scatterAdd,
  pad,
  resize,
};

/** Every case, in the order of the ops. */
export const cases: readonly Case[] = Object.values(byOp).flat();

/** The cases whose id is `prefix` or begins with it. */
export function casesUnder(prefix: string): readonly Case[] {
  const exact = cases.filter(({ id }) => id === prefix);
  return exact.length > 0 ? exact : cases.filter(({ id }) => id.startsWith(prefix));
}
