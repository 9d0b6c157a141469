/** The table of kernels, one file per op. */
import type { WasmKernels } from "../kernel.ts";
import { conv2d } from "./conv2d.ts";
import { linear } from "./linear.ts";
import { matmul } from "./matmul.ts";
import { batchNorm, layerNorm } from "./normalization.ts";
import { softmax } from "./softmax.ts";

export const kernels: WasmKernels = { linear, conv2d, matmul, softmax, layerNorm, batchNorm };
