/** All kernels that are timed: one list of rows. */
import { convCases } from "./conv.ts";
import { bytesLinearCases } from "./linear-8bit.ts";
import { blockLinearCases } from "./linear-blocks.ts";
import { floatLinearCases } from "./linear-float.ts";
import { otherCases } from "./others.ts";
import type { KernelCase } from "./problem.ts";

export const kernelCases: readonly KernelCase[] = [
  ...floatLinearCases,
  ...bytesLinearCases,
  ...blockLinearCases,
  ...convCases,
  ...otherCases,
];
