/** The matrix products of floats. */
import type { OperatorTable } from "./index.ts";
import { gemm, matrixProduct } from "./matmul.ts";

export const products: OperatorTable = {
  MatMul: (context) => [matrixProduct(context, context.input(0), context.input(1))],
  Gemm: gemm,
};
