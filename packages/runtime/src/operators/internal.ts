/** Operators of the internal domain: what the passes make of several nodes, and gradients; no file has them. */
import { batchNormChannelsLast } from "./batch-norm.ts";
import { conv } from "./conv.ts";
import { gradients } from "./gradients.ts";
import type { OperatorTable } from "./index.ts";
import { qLinearConv } from "./integer-conv.ts";
import { internalAttention } from "./internal-attention.ts";
import { gemm, linear } from "./matmul.ts";
import { poolsChannelsLast } from "./pool.ts";

export const internal: OperatorTable = {
  ...gradients,
  /** Of four axes, with its mask and scale as inputs. */
  Attention: internalAttention,
  /** With an activation. */
  Conv: conv,
  BatchNormalization: batchNormChannelsLast,
  ...poolsChannelsLast,
  /** With an activation. */
  Gemm: gemm,
  /** A MatMul with a constant matrix, a bias and an activation. */
  Linear: linear,
  /** Without a scale for the result, which is float32. */
  QLinearConv: qLinearConv,
};
