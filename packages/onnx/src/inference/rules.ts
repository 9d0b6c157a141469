/** Which rule an operator has: one table for each domain. */
import { canonicalDomain } from "../graph/opsets.ts";
import { attendingRules, previewRules } from "./attending.ts";
import { controllingRules } from "./controlling.ts";
import { elementwiseRules } from "./elementwise.ts";
import { gatheringRules } from "./gathering.ts";
import { generatingRules } from "./generating.ts";
import { microsoftRules } from "./microsoft.ts";
import { layerNormalization, normalizingRules } from "./normalizing.ts";
import type { Rule, Rules } from "./op.ts";
import { productRules } from "./products.ts";
import { quantizingRules } from "./quantizing.ts";
import { recurrentRules } from "./recurrent.ts";
import { reducingRules } from "./reducing.ts";
import { reshapingRules } from "./reshaping.ts";
import { resizingRules } from "./resizing.ts";
import { sequenceRules } from "./sequences.ts";
import { signalRules } from "./signals.ts";
import { slicingRules } from "./slicing.ts";
import { windowRules } from "./windows.ts";

const standard: Rules = {
  ...elementwiseRules,
  ...reshapingRules,
  ...slicingRules,
  ...gatheringRules,
  ...generatingRules,
  ...windowRules,
  ...productRules,
  ...reducingRules,
  ...normalizingRules,
  ...recurrentRules,
  ...resizingRules,
  ...quantizingRules,
  ...attendingRules,
  ...controllingRules,
  ...sequenceRules,
  ...signalRules,
  // Not of the standard, but onnxruntime writes it into the standard domain.
  SimplifiedLayerNormalization: layerNormalization,
};

const domains: Readonly<Record<string, Rules>> = {
  "": standard,
  "com.microsoft": microsoftRules,
  "ai.onnx.preview": previewRules,
};

/** The rule of an operator, or undefined when there is none. */
export function ruleFor(domain: string, opType: string): Rule | undefined {
  const rules = domains[canonicalDomain(domain)];
  return rules !== undefined && Object.hasOwn(rules, opType) ? rules[opType] : undefined;
}
