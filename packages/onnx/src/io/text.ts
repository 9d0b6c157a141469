/** Finds strings that have no UTF-8 form. Encoders replace a lone surrogate without a word, and a name changes. */
import { type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Path of the first string with a lone surrogate, like `graph.node[3].input[0]`, or undefined. */
export function findBadText<D extends DescMessage>(type: D, message: MessageShape<D>): string | undefined {
  return search(reflect(type, message));
}

function search(message: ReflectMessage): string | undefined {
  for (const field of message.fields) {
    if (field.fieldKind === "scalar") {
      if (field.scalar === ScalarType.STRING && message.isSet(field) && isBad(message.get(field)))
        return field.name;
    } else if (field.fieldKind === "message") {
      if (!message.isSet(field)) continue;
      const found = search(message.get(field));
      if (found !== undefined) return `${field.name}.${found}`;
    } else if (field.fieldKind === "list") {
      if (field.listKind === "enum" || (field.listKind === "scalar" && field.scalar !== ScalarType.STRING))
        continue;
      const list = message.get(field);
      for (let i = 0; i < list.size; i++) {
        const item = list.get(i);
        if (field.listKind === "scalar") {
          if (isBad(item)) return `${field.name}[${i}]`;
          continue;
        }
        const found = search(item as ReflectMessage);
        if (found !== undefined) return `${field.name}[${i}].${found}`;
      }
    }
  }
  return undefined;
}

function isBad(text: unknown): boolean {
  return typeof text === "string" && LONE_SURROGATE.test(text);
}
