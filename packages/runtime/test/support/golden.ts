/** What onnxruntime answered to models of one operator: the files that backend-js is held to (golden/README.md there). */
import { readFileSync } from "node:fs";
import { type DType, type HostTensor, storageBytes, tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import type { OneNode } from "./one-node.ts";

interface Entry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Base64 of the bytes of ONNX raw_data. */
  readonly data: string;
}

interface Recorded {
  readonly op: string;
  readonly domain: string;
  readonly opset: number;
  readonly name: string;
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>;
  readonly constants: readonly string[];
  readonly inputs: Readonly<Record<string, Entry>>;
  readonly outputs: Readonly<Record<string, Entry>>;
}

export interface GoldenNode {
  readonly op: string;
  readonly name: string;
  /** With the inputs as initializers that were initializers. */
  readonly node: OneNode;
  readonly outputs: readonly HostTensor[];
}

/** Formal inputs of operators that may leave one out before another. */
const formal: Readonly<Record<string, readonly string[]>> = {
  Resize: ["X", "roi", "scales", "sizes"],
  Pad: ["data", "pads", "constant_value", "axes"],
  MatMulInteger: ["A", "B", "a_zero_point", "b_zero_point"],
  ConvInteger: ["x", "w", "x_zero_point", "w_zero_point"],
  QGemm: ["A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C", "y_scale", "y_zero_point"],
  QLinearAdd: ["A", "A_scale", "A_zero_point", "B", "B_scale", "B_zero_point", "C_scale", "C_zero_point"],
  MatMulNBits: ["A", "B", "scales", "zero_points", "g_idx", "bias"],
};

const floatAttributes: readonly string[] = [
  "alpha",
  "beta",
  "gamma",
  "epsilon",
  "momentum",
  "cubic_coeff_a",
  "extrapolation_value",
];

export type GoldenFile = "quantize" | "qlinear" | "conv" | "nbits" | "float";

/** The cases of a file, in its order. */
export function goldenNodes(file: GoldenFile): GoldenNode[] {
  const url = new URL(`../../../backend-js/test/golden/golden-${file}.json`, import.meta.url);
  const { cases }: { cases: Recorded[] } = JSON.parse(readFileSync(url, "utf8"));
  return cases.map((recorded) => {
    const names = formal[recorded.op] ?? Object.keys(recorded.inputs);
    const last = names.findLastIndex((name) => recorded.inputs[name] !== undefined);
    const inputs = names.slice(0, last + 1).map((name) => {
      const entry = recorded.inputs[name];
      return entry && toTensor(entry);
    });
    const outputs = Object.values(recorded.outputs).map(toTensor);
    const node: OneNode = {
      opType: recorded.op,
      domain: recorded.domain,
      opset: recorded.domain === "" ? recorded.opset : 21,
      attributes: Object.fromEntries(
        Object.entries(recorded.attributes).map(([name, value]) => [name, attribute(name, value)]),
      ),
      inputs,
      constants: names.flatMap((name, i) => (recorded.constants.includes(name) ? [i] : [])),
      outputs: outputs.map(({ dtype }) => dtype),
    };
    return { op: recorded.op, name: recorded.name, node, outputs };
  });
}

function attribute(name: string, value: number | string | readonly number[]): AttributeValue {
  if (typeof value === "string") return value;
  if (typeof value === "number") return floatAttributes.includes(name) ? value : BigInt(value);
  return value.map(BigInt);
}

function toTensor({ dtype, shape, data }: Entry): HostTensor {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const result = tensor(dtype, shape);
  new Uint8Array(result.data.buffer, 0, storageBytes(dtype, shape)).set(bytes);
  return result;
}
