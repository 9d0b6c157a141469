/** Damage to files, decided by a seed alone: the same seed makes the same mutant on every machine. */

import { ModelProtoSchema } from "../../src/index.ts";
import { injureFields } from "./tree.ts";

/** Uniform numbers in [0, 1): mulberry32, whose whole state is the seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A model of the corpus with one to four injuries: to its bytes, or to fields of a message that stays well-formed. */
export function mutant(corpus: readonly Uint8Array[], seed: number): Uint8Array {
  const random = randomFrom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  let bytes = Uint8Array.from(corpus[below(corpus.length)]!);
  const injuries = 1 + below(4);
  if (below(2) === 0) return injureFields(ModelProtoSchema, bytes, injuries, below);
  for (let i = 0; i < injuries && bytes.length > 0; i++) bytes = injure(bytes, corpus, below);
  return bytes;
}

/** Values that lengths, sizes, types and counts break at. */
const edges = [0, 1, 0x7f, 0x80, 0xff];

function injure(
  bytes: Uint8Array<ArrayBuffer>,
  corpus: readonly Uint8Array[],
  below: (n: number) => number,
): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length);
  const span = Math.min(1 + below(16), bytes.length - at);
  switch (below(9)) {
    case 0:
      bytes[at]! ^= 1 << below(8);
      return bytes;
    case 1:
      bytes[at] = below(256);
      return bytes;
    case 2:
      bytes[at] = edges[below(edges.length)]!;
      return bytes;
    case 3: // cut off
      return bytes.slice(0, at);
    case 4: // take out
      return joined(bytes.subarray(0, at), bytes.subarray(at + span));
    case 5: // repeat
      return joined(bytes.subarray(0, at + span), bytes.subarray(at));
    case 6: {
      // transplant from another file
      const donor = corpus[below(corpus.length)]!;
      const from = below(donor.length);
      return joined(
        bytes.subarray(0, at),
        donor.subarray(from, from + span * 4),
        bytes.subarray(at + below(span + 1)),
      );
    }
    case 7: {
      // a huge number
      const huge = Uint8Array.from([...new Array<number>(1 + below(9)).fill(0xff), below(128)]);
      return joined(bytes.subarray(0, at), huge, bytes.subarray(at + below(2)));
    }
    default: // exchange two places
      bytes.copyWithin(below(bytes.length), at, at + span);
      return bytes;
  }
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
