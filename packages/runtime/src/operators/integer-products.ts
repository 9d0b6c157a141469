/** The products of 8-bit codes in standard ONNX. */
import type { OperatorTable } from "./index.ts";
import { convInteger, qLinearConv } from "./integer-conv.ts";
import { qLinearMatMul } from "./integer-matmul.ts";
import { matMulInteger } from "./integer-sums.ts";

export const integerProducts: OperatorTable = {
  ConvInteger: convInteger,
  MatMulInteger: matMulInteger,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
};
