/** Finds strings that have no UTF-8 form. Encoders replace a lone surrogate without a word, and a name changes. */
import { type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Path of the first string with a lone surrogate, like `graph.node[3].input[0]`, or undefined. */
export function findBadText<D extends DescMessage>(type: D, message: MessageShape<D>): string | undefined {
  return search(type, message);
}

/** The fields of a message that are text, or messages that may hold text. */
const fields = new WeakMap<DescMessage, readonly DescField[]>();

function textFields(type: DescMessage): readonly DescField[] {
  let found = fields.get(type);
  if (found === undefined) {
    found = type.fields.filter(
      ({ scalar, message }) => scalar === ScalarType.STRING || message !== undefined,
    );
    fields.set(type, found);
  }
  return found;
}

function search(type: DescMessage, message: object): string | undefined {
  for (const field of textFields(type)) {
    const value = fieldValue(message, field);
    const many = Array.isArray(value);
    for (const [i, one] of (many ? value : [value]).entries()) {
      const found = searchValue(field, one);
      if (found !== undefined) return `${field.name}${many ? `[${i}]` : ""}${found}`;
    }
  }
  return undefined;
}

function searchValue(field: DescField, value: unknown): string | undefined {
  if (typeof value === "string") return LONE_SURROGATE.test(value) ? "" : undefined;
  if (field.message === undefined || typeof value !== "object" || value === null) return undefined;
  const found = search(field.message, value);
  return found === undefined ? undefined : `.${found}`;
}

function fieldValue(message: object, field: DescField): unknown {
  if (field.oneof === undefined) return Reflect.get(message, field.localName);
  const chosen: { case?: string; value?: unknown } = Reflect.get(message, field.oneof.localName);
  return chosen.case === field.localName ? chosen.value : undefined;
}
