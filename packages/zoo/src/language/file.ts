/** Samples as a text file: a line of text, and under it a line with a caret below each predictable character. */
import { ArgumentError } from "@bitbudget/core";
import { contextLength, encodeText, type TextSample } from "./text.ts";

export function writeText(samples: readonly TextSample[]): string {
  return samples
    .map(
      ({ text, predictable }) =>
        `${text}\n${predictable
          .map((is) => (is ? "^" : " "))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}

/** @throws ArgumentError that names the line */
export function readText(file: string): TextSample[] {
  const lines = file.split("\n");
  if (lines.pop() !== "" || lines.length % 2 !== 0)
    throw new ArgumentError(`a file of samples has pairs of lines, not ${lines.length} and a rest`);
  return Array.from({ length: lines.length / 2 }, (_, i) => {
    const [text, carets] = [lines[2 * i] as string, lines[2 * i + 1] as string];
    if (text.length !== contextLength + 1 || !/^[ ^]{0,65}$/.test(carets))
      throw new ArgumentError(`lines ${2 * i + 1} and ${2 * i + 2} are not a sample and its carets`);
    encodeText(text);
    return { text, predictable: Array.from(text, (_, k) => carets[k] === "^") };
  });
}
