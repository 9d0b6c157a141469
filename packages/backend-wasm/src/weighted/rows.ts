/** What linear and conv2d compute on this backend. */
import type { KernelRow, WeightedSpec } from "@bitbudget/backend";
import { functionCode } from "../functions.ts";

export const floatRows: readonly KernelRow[] = [
  { activation: "float32", weight: "float32", output: "float32", arithmetic: "native" },
];

export function refuseWeighted({ attributes: { activation } }: WeightedSpec): string | undefined {
  if (functionCode(activation) === undefined) return `no fused ${activation?.fn}`;
  return undefined;
}
