/** What linear and conv2d compute on this backend. */
import type { KernelRow, WeightedSpec } from "@bitbudget/backend";
import { functionCode } from "../functions.ts";

export const floatRows: readonly KernelRow[] = [
  { activation: "float32", weight: "float32", output: "float32", arithmetic: "native" },
];

const bytes = ["uint8", "int8"] as const;

/** 8-bit codes with int32 sums and 8-bit results. */
export const staticRows: readonly KernelRow[] = bytes.flatMap((activation) =>
  bytes.flatMap((weight) =>
    (["tensor", "channel"] as const).flatMap((granularity) =>
      bytes.map((output) => ({
        activation,
        weight: `${weight} ${granularity}` as const,
        output,
        arithmetic: "native" as const,
      })),
    ),
  ),
);

export function refuseWeighted({ attributes: { activation } }: WeightedSpec): string | undefined {
  if (functionCode(activation) === undefined) return `no fused ${activation?.fn}`;
  return undefined;
}
