/** The table of kernels, one file per op. */
import type { WasmKernels } from "../kernel.ts";
import { attention } from "./attention.ts";
import { binary } from "./binary.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { convolution } from "./convolution.ts";
import { dequantize } from "./dequantize.ts";
import { elementwise } from "./elementwise.ts";
import { gather } from "./gather.ts";
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
import { transpose } from "./transpose.ts";
import { unary } from "./unary.ts";
import { where } from "./where.ts";

export const kernels: WasmKernels = {
  attention,
  batchNorm,
  layerNorm,
  binary,
  cast,
  conv2d,
  convolution,
  dequantize,
  elementwise,
  linear,
  lookup,
  matmul,
  pool2d,
  poolGrad,
  quantize,
  recurrent,
  reduce,
  requantize,
  softmax,
  unary,
  where,
  transpose,
  expand,
  slice,
  concat,
  gather,
  scatterAdd,
  pad,
  resize,
};
