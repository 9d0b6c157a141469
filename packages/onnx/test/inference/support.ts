/** One node with typed inputs, and what is inferred of its outputs, as short text: "float32[N, 3]". */
import { describe, expect, test } from "vitest";
import {
  type AttributeValue,
  create,
  type ElementType,
  inferShapes,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type TensorProto,
  toTensorProto,
  type ValueType,
} from "../../src/index.ts";

/** A type like "float32[N, 3, ?]", "int64[]" or, of unknown rank, "float32"; a tensor is a constant; null is left out. */
export type Input = string | TensorProto | null;

export const int64 = (...values: number[]): TensorProto =>
  toTensorProto({ dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) });
export const scalar = (value: number): TensorProto =>
  toTensorProto({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
export const float32 = (...values: number[]): TensorProto =>
  toTensorProto({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) });

export interface OneNode {
  readonly opset?: number;
  readonly domain?: string;
  readonly outputs?: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export function parseType(text: string): { dtype: ElementType; shape?: (number | string | null)[] } {
  const [, dtype, dims] = /^(\w+)(?:\[(.*)\])?$/.exec(text) ?? [];
  if (dims === undefined) return { dtype: dtype as ElementType };
  const shape = dims === "" ? [] : dims.split(",").map((dim) => dim.trim());
  return {
    dtype: dtype as ElementType,
    shape: shape.map((dim) => (dim === "?" ? null : /^\d+$/.test(dim) ? Number(dim) : dim)),
  };
}

/** A model of one node. */
export function oneNode(opType: string, inputs: readonly Input[], options: OneNode = {}): ModelProto {
  const { opset = 21, domain = "", outputs = 1, attributes = {} } = options;
  const names = inputs.map((input, i) => (input === null ? "" : `in${i}`));
  const graph = create(ModelProtoSchema, { graph: { name: "one" } }).graph!;
  for (const [i, input] of inputs.entries()) {
    if (typeof input === "string") {
      const { dtype, shape } = parseType(input);
      graph.input.push(makeValueInfo(`in${i}`, dtype, shape));
    } else if (input !== null) {
      graph.initializer.push(Object.assign(input, { name: `in${i}` }));
    }
  }
  const out = Array.from({ length: outputs }, (_, i) => `out${i}`);
  graph.node.push(makeNode(opType, names, out, { name: "it", domain, attributes }));
  graph.output = out.map((name) => Object.assign(makeValueInfo(name, "float32"), { type: undefined }));
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "com.microsoft", version: 1n },
    ],
    graph,
  });
}

/** Types of the outputs of one node. */
export function infer(opType: string, inputs: readonly Input[], options: OneNode = {}): string[] {
  const { types } = inferShapes(oneNode(opType, inputs, options));
  return Array.from({ length: options.outputs ?? 1 }, (_, i) => show(types.get(`out${i}`)));
}

/** A type as text, contents after an equals sign. A size that got a symbol of its own is a question mark. */
export function show(type: ValueType | undefined): string {
  if (type === undefined) return "nothing";
  if (type.kind !== "tensor") return `${type.kind}(${show(type.element)})`;
  const list = (sizes: readonly (number | string | null)[]): string =>
    sizes.map((size) => (size === null || /^out\d\.\d$/.test(String(size)) ? "?" : size)).join(", ");
  const shape = type.shape === undefined ? "" : `[${list(type.shape)}]`;
  return `${type.dtype ?? "?"}${shape}${type.data === undefined ? "" : ` = ${list(type.data)}`}`;
}

/** An operator, its inputs, and what is inferred of its outputs. */
export type Row = [op: string, inputs: Input[], expected: string | string[], options?: OneNode];

/** One test for each row. */
export function rows(name: string, list: Row[]): void {
  describe(name, () => {
    test.each(list)("%s, case %#", (op, inputs, expected, options = {}) => {
      const outputs = Array.isArray(expected) ? expected : [expected];
      expect(infer(op, inputs, { outputs: outputs.length, ...options })).toEqual(outputs);
    });
  });
}
