/** Repairs and ranges as words of the command line. */
import type { RangeMethod, Repair, RoundingMethod } from "@bitbudget/quantize";
import { UsageError } from "./errors.ts";

const roundings = ["gptq", "adaround", "refine"] as const satisfies readonly RoundingMethod[];

export const repairNames = ["auto", "none", "equalize", "smooth-quant", "awq", ...roundings] as const;

/** @throws UsageError for words that contradict each other */
export function parseRepair(names: readonly string[] | undefined): Repair | "auto" | undefined {
  if (names === undefined) return undefined;
  const alone = names.find((name) => name === "auto" || name === "none");
  if (alone !== undefined && names.length > 1)
    throw new UsageError(
      `--repair ${alone} stands alone; leave out ${names.filter((name) => name !== alone).join(", ")}`,
    );
  if (alone === "auto") return alone;
  const chosen = roundings.filter((name) => names.includes(name));
  if (chosen.length > 1)
    throw new UsageError(`--repair: weights are rounded one way; choose among ${chosen.join(", ")}`);
  const [rounding] = chosen;
  return {
    ...(names.includes("equalize") && { equalize: true }),
    ...(names.includes("smooth-quant") && { smoothQuant: true }),
    ...(names.includes("awq") && { awq: true }),
    ...(rounding !== undefined && { rounding }),
  };
}

export function describeRepair({ equalize, smoothQuant, awq, rounding }: Repair): string {
  const names = [
    equalize === true && "equalize",
    smoothQuant === true && "smooth-quant",
    awq === true && "awq",
    rounding !== undefined && rounding !== "nearest" && rounding,
  ].filter((name) => name !== false);
  return names.length === 0 ? "none" : names.join(",");
}

const methods = ["min-max", "moving-average", "mse", "entropy"] as const;
export const rangeNames = ["auto", ...methods] as const;

/** @throws UsageError */
export function parseRange(text: string | undefined): RangeMethod | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  const method = methods.find((each) => each === text);
  if (method !== undefined) return method;
  const percentile = Number(text);
  if (percentile > 50 && percentile <= 100) return { percentile };
  throw new UsageError(
    `--range: ${text} is none of ${rangeNames.join(", ")}, nor a percentile above 50, as 99.9`,
  );
}

export function describeRange(range: RangeMethod): string {
  return typeof range === "object" ? `percentile ${range.percentile}` : range;
}
