/** Nodes of standard operators whose results must equal onnxruntime's. */
import type { DType, HostTensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { expectLikeOnnxruntime } from "./against-onnxruntime.ts";
import type { OneNode } from "./one-node.ts";

export type Attributes = Readonly<Record<string, AttributeValue>>;
export type Case = readonly [string, OneNode];

export const ints = (...values: number[]) => values.map(BigInt);

interface Options {
  readonly attributes?: Attributes;
  readonly outputs?: readonly (DType | undefined)[];
  readonly opset?: number;
  /** Default: all inputs but the first. */
  readonly constants?: readonly number[];
}

export function node(
  opType: string,
  inputs: readonly (HostTensor | undefined)[],
  {
    attributes = {},
    outputs = ["float32"],
    opset = 21,
    constants = inputs.map((_, i) => i).slice(1),
  }: Options = {},
): OneNode {
  return { opType, inputs, attributes, outputs, opset, constants };
}

export async function expectEqual(one: OneNode): Promise<void> {
  await expectLikeOnnxruntime(one, 2e-5);
}

/** Shapes of 1, 2 and 3 spatial axes. */
export const axes = [[9], [7, 6], [5, 4, 6]];
export const each = (spatial: readonly number[], value: number) => spatial.map(() => BigInt(value));
