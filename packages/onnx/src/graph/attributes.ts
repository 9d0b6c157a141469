/** Attributes of nodes as JavaScript values. The getters check the type; without a default they insist on the attribute. */
import { AttributeError } from "../errors.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  create,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../proto.ts";
import { placeOf } from "./place.ts";

/** What an attribute can be made from: a bigint is an INT, a number a FLOAT, text a STRING. */
export type AttributeValue =
  | bigint
  | number
  | string
  | Uint8Array
  | TensorProto
  | GraphProto
  | readonly bigint[]
  | readonly string[]
  /** An array of numbers, which may be empty: FLOATS. */
  | Float32Array;

export function findAttribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** An INT as a number. @throws AttributeError when it is absent and there is no default, of another type, or beyond 2^53 */
export function getInt(node: NodeProto, name: string, fallback?: number): number {
  const attribute = typed(node, name, AttributeType.INT, fallback);
  return attribute === undefined ? fallback! : safe(node, name, attribute.i);
}

/** INTS as numbers. @throws AttributeError as `getInt` does */
export function getInts(node: NodeProto, name: string, fallback?: readonly number[]): readonly number[] {
  const attribute = typed(node, name, AttributeType.INTS, fallback);
  return attribute === undefined ? fallback! : attribute.ints.map((value) => safe(node, name, value));
}

/** A FLOAT. @throws AttributeError as `getInt` does */
export function getFloat(node: NodeProto, name: string, fallback?: number): number {
  return typed(node, name, AttributeType.FLOAT, fallback)?.f ?? fallback!;
}

/** FLOATS. @throws AttributeError as `getInt` does */
export function getFloats(node: NodeProto, name: string, fallback?: readonly number[]): readonly number[] {
  return typed(node, name, AttributeType.FLOATS, fallback)?.floats ?? fallback!;
}

/** A STRING as text. @throws AttributeError as `getInt` does, and for bytes that are not UTF-8 */
export function getString(node: NodeProto, name: string, fallback?: string): string {
  const attribute = typed(node, name, AttributeType.STRING, fallback);
  return attribute === undefined ? fallback! : text(node, name, attribute.s);
}

/** STRINGS as text. @throws AttributeError as `getString` does */
export function getStrings(node: NodeProto, name: string, fallback?: readonly string[]): readonly string[] {
  const attribute = typed(node, name, AttributeType.STRINGS, fallback);
  return attribute === undefined ? fallback! : attribute.strings.map((bytes) => text(node, name, bytes));
}

/** A TENSOR. @throws AttributeError when it is absent or of another type */
export function getTensor(node: NodeProto, name: string): TensorProto {
  return present(node, name, typed(node, name, AttributeType.TENSOR, undefined)?.t);
}

/** A GRAPH: the body of a Loop or Scan, a branch of an If. @throws AttributeError when it is absent or of another type */
export function getGraph(node: NodeProto, name: string): GraphProto {
  return present(node, name, typed(node, name, AttributeType.GRAPH, undefined)?.g);
}

/** Sets an attribute, in place of the one of that name if there is one; `undefined` takes it away. */
export function setAttribute(node: NodeProto, name: string, value: AttributeValue | undefined): void {
  const at = node.attribute.findIndex((attribute) => attribute.name === name);
  if (value === undefined) {
    if (at >= 0) node.attribute.splice(at, 1);
  } else if (at >= 0) {
    node.attribute[at] = makeAttribute(name, value);
  } else {
    node.attribute.push(makeAttribute(name, value));
  }
}

/** The message for an attribute. */
export function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  return create(AttributeProtoSchema, { name, ...contents(value) });
}

type Contents = Partial<
  Pick<AttributeProto, "type" | "i" | "f" | "s" | "t" | "g" | "ints" | "floats" | "strings">
>;

function contents(value: AttributeValue): Contents {
  if (typeof value === "bigint") return { type: AttributeType.INT, i: value };
  if (typeof value === "number") return { type: AttributeType.FLOAT, f: value };
  if (typeof value === "string") return { type: AttributeType.STRING, s: utf8.encode(value) };
  if (value instanceof Uint8Array) return { type: AttributeType.STRING, s: value };
  if (value instanceof Float32Array) return { type: AttributeType.FLOATS, floats: [...value] };
  if ("$typeName" in value) {
    return value.$typeName === "onnx.TensorProto"
      ? { type: AttributeType.TENSOR, t: value }
      : { type: AttributeType.GRAPH, g: value };
  }
  const ints: bigint[] = [];
  const strings: Uint8Array[] = [];
  for (const item of value) {
    if (typeof item === "bigint") ints.push(item);
    else strings.push(utf8.encode(item));
  }
  return strings.length > 0 ? { type: AttributeType.STRINGS, strings } : { type: AttributeType.INTS, ints };
}

const utf8 = new TextEncoder();

const typeNames = new Map(Object.entries(AttributeType).map(([name, number]) => [number as number, name]));

/** The attribute when it is there; undefined when it is not and there is something to fall back on. */
function typed(node: NodeProto, name: string, type: number, fallback: unknown): AttributeProto | undefined {
  const attribute = findAttribute(node, name);
  if (attribute === undefined) {
    if (fallback !== undefined) return undefined;
    if (type === AttributeType.TENSOR || type === AttributeType.GRAPH) present(node, name, undefined);
    throw new AttributeError(name, "is missing; the operator requires it", placeOf(node));
  }
  if (attribute.refAttrName !== "") {
    const detail = `refers to ${JSON.stringify(attribute.refAttrName)} of a function; inline the function first`;
    throw new AttributeError(name, detail, placeOf(node));
  }
  if (attributeType(attribute) !== type) {
    const is = typeNames.get(attributeType(attribute)) ?? `of type ${attribute.type}`;
    throw new AttributeError(name, `is ${is} where ${typeNames.get(type)} belongs`, placeOf(node));
  }
  return attribute;
}

/** Files of IR version 1 and 2 have no type and mean the field that is filled. */
function attributeType(attribute: AttributeProto): number {
  const { type } = attribute;
  if (type !== AttributeType.UNDEFINED) return type;
  if (attribute.t !== undefined) return AttributeType.TENSOR;
  if (attribute.g !== undefined) return AttributeType.GRAPH;
  if (attribute.ints.length > 0) return AttributeType.INTS;
  if (attribute.floats.length > 0) return AttributeType.FLOATS;
  if (attribute.strings.length > 0) return AttributeType.STRINGS;
  if (Object.hasOwn(attribute, "i")) return AttributeType.INT;
  if (Object.hasOwn(attribute, "f")) return AttributeType.FLOAT;
  if (Object.hasOwn(attribute, "s")) return AttributeType.STRING;
  return type;
}

function present<T>(node: NodeProto, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new AttributeError(name, "is missing; the operator requires it", placeOf(node));
}

function safe(node: NodeProto, name: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new AttributeError(name, `holds ${value}, which is beyond 2^53`, placeOf(node));
}

function text(node: NodeProto, name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AttributeError(name, "is not UTF-8 text", placeOf(node));
  }
}
