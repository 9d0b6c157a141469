/** Stretches of tokens of one length: where they begin, what fills them up, and which token comes next. */
import { DataError } from "../errors.ts";

export interface WindowOptions {
  /** Tokens in a sample. Shorter texts are padded. */
  readonly length: number;
  /**
   * What becomes of a longer text: it is cut at its end ("cut", the default), is an error ("error"), or becomes as many samples as
   * it fills, each so many tokens behind the last (a number up to `length`).
   */
  readonly windows?: "cut" | "error" | number;
  /** Where padding goes. Default "right". */
  readonly pad?: "left" | "right";
  /** Token that pads. Default: the tokenizer's, or 0. */
  readonly padId?: number;
  /** Whether each sample's target is the token behind each of its tokens, for models that predict text. Default false. */
  readonly next?: boolean;
  /** The target where there is no next token, or where another window has had it. Default -100. */
  readonly ignore?: number;
}

export interface Window {
  readonly ids: number[];
  /** 1 for tokens and 0 for padding. */
  readonly mask: number[];
  /** Next tokens. */
  readonly next: number[];
}

/** @throws DataError */
export function checkWindows({ length, windows = "cut", ignore = -100, padId = 0 }: WindowOptions): void {
  if (!(Number.isSafeInteger(length) && length >= 1 && length <= 2 ** 24))
    throw new DataError("text.length", `must be a number of tokens from 1 to ${2 ** 24}, not ${length}`);
  if (
    typeof windows === "number"
      ? !(Number.isSafeInteger(windows) && windows >= 1 && windows <= length)
      : windows !== "cut" && windows !== "error"
  )
    throw new DataError(
      "text.windows",
      `must be "cut", "error" or a number of tokens from 1 to ${length}, not ${windows}`,
    );
  for (const [name, id] of [
    ["ignore", ignore],
    ["padId", padId],
  ] as const)
    if (!Number.isSafeInteger(id)) throw new DataError(`text.${name}`, `must be an integer, not ${id}`);
}

/** Samples that a text of `count` tokens becomes. A token at the end with nothing behind it needs no window of its own. */
export function windowCount(count: number, { length, windows, next = false }: WindowOptions): number {
  if (typeof windows !== "number") return 1;
  return 1 + Math.max(0, Math.ceil((count - (next ? 1 : 0) - length) / windows));
}

/** @param source for errors */
export function windowAt(
  tokens: readonly number[],
  i: number,
  options: WindowOptions,
  source: string,
): Window {
  const {
    length,
    windows = "cut",
    pad = "right",
    padId = 0,
    ignore = -100,
    next: predicts = false,
  } = options;
  // The target of the last token is beyond the window.
  if (windows === "error" && tokens.length > length + (predicts ? 1 : 0))
    throw new DataError(
      source,
      `has ${tokens.length} tokens, and a sample ${length}; use a larger length, or windows "cut" or a number`,
    );
  const stride = typeof windows === "number" ? windows : 0;
  const start = i * stride;
  const ids = tokens.slice(start, start + length);
  const seen = i === 0 ? 0 : length - stride;
  const next = ids.map((_, at) => (at < seen ? ignore : (tokens[start + at + 1] ?? ignore)));
  const mask = ids.map(() => 1);
  const fill = (values: number[], value: number) => {
    const padding = new Array<number>(length - values.length).fill(value);
    return pad === "right" ? [...values, ...padding] : [...padding, ...values];
  };
  return { ids: fill(ids, padId), mask: fill(mask, 0), next: fill(next, ignore) };
}
