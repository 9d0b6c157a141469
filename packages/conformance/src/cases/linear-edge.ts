/** A single case of linear. */
import type { WeightedAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { shaped } from "./helpers.ts";

/** The input's dtype and shape, the channels, what else the spec says, and the numbers. */
export function linearEdge(
  name: string,
  [activation, ...shape]: readonly [DType, ...number[]],
  channels: number,
  attributes: WeightedAttributes,
  data: CaseData,
): Case {
  const inputs = [shaped(activation, ...shape)];
  return defineCase(
    `linear/${name}`,
    { op: "linear", inputs, attributes: { ...attributes, channels } },
    data,
  );
}
