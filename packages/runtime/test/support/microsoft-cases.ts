/** Nodes of com.microsoft whose results must equal onnxruntime's. */
import { type DType, type HostTensor, scalar } from "@bitbudget/core";
import type { Attributes } from "./node-cases.ts";
import type { OneNode } from "./one-node.ts";
import { randomIntegers } from "./random.ts";

export function microsoftNode(
  opType: string,
  inputs: readonly (HostTensor | undefined)[],
  attributes: Attributes = {},
  outputs: readonly (DType | undefined)[] = ["float32"],
  domain = "com.microsoft",
): OneNode {
  const constants = inputs.map((_, i) => i).slice(1);
  return { opType, domain, inputs, attributes, outputs, constants };
}

export const scale = (value: number) => scalar("float32", value);
export const zero = (value: number) => scalar("uint8", value);
export const bytes = (shape: readonly number[], seed: number) => randomIntegers("uint8", shape, seed, 0, 256);
