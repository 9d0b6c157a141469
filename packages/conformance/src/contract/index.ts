/** The promises of the contract that are no matter of numbers, each as a check that any test framework can run. */
import { identity, nonsense, purity, refusals, rows } from "./answers.ts";
import type { ContractCheck } from "./check.ts";
import { arena, operands, order, specs, timing, weights } from "./kernels.ts";
import { disposal, transfer, views } from "./memory.ts";

export type { ContractCheck, Open } from "./check.ts";

export const contractChecks: readonly ContractCheck[] = [
  identity,
  purity,
  nonsense,
  rows,
  refusals,
  transfer,
  views,
  disposal,
  specs,
  weights,
  operands,
  arena,
  order,
  timing,
];
