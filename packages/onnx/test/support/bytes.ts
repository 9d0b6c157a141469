/** Protobuf written by hand, for messages that a correct writer would never produce. */

export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export const tag = (field: number, wire: number): number[] => varint(field * 8 + wire);

export const number = (field: number, value: number | bigint): number[] => [
  ...tag(field, 0),
  ...varint(value),
];

/** A length-delimited field: text, bytes, or a message made of other fields. */
export function block(field: number, content: string | readonly number[]): number[] {
  const bytes = typeof content === "string" ? [...new TextEncoder().encode(content)] : content;
  return [...tag(field, 2), ...varint(bytes.length), ...bytes];
}

export const bytes = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
