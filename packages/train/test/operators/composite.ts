/** Operators that become several in a training step: held to the operator itself, and to central differences. */
import type { HostTensor } from "@bitbudget/core";
import { type AttributeValue, makeNode } from "@bitbudget/onnx";
import { test } from "vitest";
import { checkGradients } from "../gradients/finite-differences.ts";
import { checkAgainstRuntime } from "./against-runtime.ts";

export interface Composite {
  readonly opType: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** By their places; "" stands for one that is left out. Float64 tensors are differentiated by. */
  readonly inputs: readonly (HostTensor | "")[];
  /** Default: one. "" stands for one that is left out; gradients are those of the first. */
  readonly outputs?: readonly string[];
  /** What is compared with the operator. Default 1e-9. */
  readonly tolerance?: number;
}

export const microsoft = "com.microsoft";

export function check(groups: Readonly<Record<string, Composite>>): void {
  for (const [
    name,
    { opType, domain = "", attributes = {}, inputs, outputs = ["y"], tolerance },
  ] of Object.entries(groups)) {
    const node = makeNode(
      opType,
      inputs.map((input, i) => (input === "" ? "" : `x${i}`)),
      outputs,
      { domain, attributes, name: "node" },
    );
    const given = inputs.flatMap((input, i) => (input === "" ? [] : [[`x${i}`, input] as const]));
    const variables = Object.fromEntries(given.filter(([, { dtype }]) => dtype === "float64"));
    const constants = Object.fromEntries(given.filter(([, { dtype }]) => dtype !== "float64"));
    test(`${name} is the operator`, () =>
      checkAgainstRuntime({
        node,
        inputs: Object.fromEntries(given),
        ...(tolerance === undefined ? {} : { tolerance }),
      }));
    test(`${name} has the gradient of its values`, () =>
      checkGradients({ nodes: [node], variables, constants, output: outputs[0] ?? "" }));
  }
}
