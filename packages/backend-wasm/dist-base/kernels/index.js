import { attention } from "./attention.js";
import { binary } from "./binary.js";
import { cast } from "./cast.js";
import { conv2d } from "./conv2d.js";
import { dequantize } from "./dequantize.js";
import { elementwise } from "./elementwise.js";
import { linear } from "./linear.js";
import { lookup } from "./lookup.js";
import { matmul } from "./matmul.js";
import { batchNorm, layerNorm } from "./normalization.js";
import { pool2d } from "./pool2d.js";
import { quantize } from "./quantize.js";
import { reduce } from "./reduce.js";
import { requantize } from "./requantize.js";
import { softmax } from "./softmax.js";
import { unary } from "./unary.js";
import { where } from "./where.js";
export const kernels = { attention, batchNorm, layerNorm, binary, cast, conv2d, dequantize, elementwise, linear, lookup, matmul, pool2d, quantize, reduce, requantize, softmax, unary, where };
//# sourceMappingURL=index.js.map