/** The products of 8-bit codes in standard ONNX. */
import type { OperatorTable } from "./index.ts";
import { convInteger, qLinearConv } from "./integer-conv.ts";
import { matMulInteger, qLinearMatMul } from "./integer-matmul.ts";

export const integerProducts: OperatorTable = {
  ConvInteger: convInteger,
  MatMulInteger: matMulInteger,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
};
