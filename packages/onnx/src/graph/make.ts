/** Short forms for the messages that edits create. */
import {
  create,
  type NodeProto,
  NodeProtoSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../proto.ts";
import { dataType, type ElementType } from "../tensor/formats.ts";
import { type AttributeValue, makeAttribute } from "./attributes.ts";

export interface NodeFields {
  readonly name?: string;
  /** Default: the standard operators. */
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A node. `""` stands for an optional input or output that is left out. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  { name, domain, attributes = {} }: NodeFields = {},
): NodeProto {
  const node = create(NodeProtoSchema, { opType, input: [...input], output: [...output] });
  if (name !== undefined) node.name = name;
  if (domain !== undefined && domain !== "") node.domain = domain;
  node.attribute = Object.entries(attributes).map(([key, value]) => makeAttribute(key, value));
  return node;
}

/**
 * The declaration of a value: a graph input, output, or `value_info`.
 * @param shape sizes; a string is a symbol, null a size that is not known. Without a shape not even the rank is known.
 */
export function makeValueInfo(
  name: string,
  dtype: ElementType,
  shape?: readonly (number | string | null)[],
): ValueInfoProto {
  const dim = shape?.map((size) => {
    if (size === null) return {};
    return typeof size === "string"
      ? { value: { case: "dimParam" as const, value: size } }
      : { value: { case: "dimValue" as const, value: BigInt(size) } };
  });
  const elemType = dataType(dtype);
  const value = dim === undefined ? { elemType } : { elemType, shape: { dim } };
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value } }),
  });
}
