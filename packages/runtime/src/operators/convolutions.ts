/** The convolutions of floats. */
import { causalConvWithState } from "./causal-conv.ts";
import { conv } from "./conv.ts";
import { convTranspose } from "./conv-transpose.ts";
import { deformConv } from "./deform-conv.ts";
import type { OperatorTable } from "./index.ts";

export const convolutions: OperatorTable = {
  Conv: conv,
  ConvTranspose: convTranspose,
  CausalConvWithState: causalConvWithState,
  DeformConv: deformConv,
};
