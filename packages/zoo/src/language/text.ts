/** The text set: numbered samples of three splits, as tokens, with what is known of their characters. */
import { ArgumentError, type HostTensor, tensor } from "@bitbudget/core";
import { Random } from "../random.ts";
import { type Selection, splits } from "../splits.ts";
import { statement, vocabulary } from "./grammar.ts";
import { Writer } from "./writer.ts";

/** Characters that the model sees at once. A sample has one more: each but the first is to be predicted. */
export const contextLength = 64;

export interface TextSample {
  /** contextLength + 1 characters of whole statements, the last of which is cut off. */
  readonly text: string;
  /** For each character whether those before it leave no choice. */
  readonly predictable: readonly boolean[];
}

/** A sample as it was made. */
export interface WrittenSample extends TextSample {
  /** For each character its probability given those before it. */
  readonly probabilities: readonly number[];
}

/** Tells these generators from those of the images. */
const language = 3;

/** Writes samples. Sample i of a split is the same whatever else is written. @throws ArgumentError */
export function textSamples({ split, seed = 0, start = 0, count }: Selection): WrittenSample[] {
  if (![start, count].every((n) => Number.isSafeInteger(n) && n >= 0) || start + count > 2 ** 32)
    throw new ArgumentError(
      `samples are numbered from 0 to 2^32; ${count} from ${start} on are not among them`,
    );
  const part = splits.indexOf(split);
  if (part < 0) throw new ArgumentError(`there is no split "${split}"; the splits are ${splits.join(", ")}`);
  return Array.from({ length: count }, (_, i) => {
    const writer = new Writer(new Random(language, seed, part, start + i));
    while (writer.text.length <= contextLength) {
      statement(writer);
      writer.write(" ");
    }
    const length = contextLength + 1;
    const probabilities = writer.probabilities.slice(0, length);
    return {
      text: writer.text.slice(0, length),
      predictable: probabilities.map((probability) => probability === 1),
      probabilities,
    };
  });
}

/** Tokens of a text. @throws ArgumentError that names a character that the vocabulary lacks */
export function encodeText(text: string): BigInt64Array {
  return BigInt64Array.from(Array.from(text), (character, i) => {
    const token = vocabulary.indexOf(character);
    if (token < 0)
      throw new ArgumentError(`character ${i}, ${JSON.stringify(character)}, is not in the vocabulary`);
    return BigInt(token);
  });
}

/** What the model takes, and what it should say: int64 [count, contextLength] both, the second one place further on. */
export function textTensors(samples: readonly TextSample[]): {
  tokens: HostTensor<"int64">;
  next: HostTensor<"int64">;
} {
  const shape = [samples.length, contextLength];
  const part = (from: number) =>
    tensor(
      "int64",
      shape,
      encodeText(samples.map(({ text }) => text.slice(from, from + contextLength)).join("")),
    );
  return { tokens: part(0), next: part(1) };
}

/** The text of tokens. @throws ArgumentError */
export function decodeText(tokens: Iterable<bigint | number>): string {
  return Array.from(tokens, (token) => {
    const character = vocabulary[Number(token)];
    if (character === undefined) throw new ArgumentError(`${token} is not a token of the vocabulary`);
    return character;
  }).join("");
}
