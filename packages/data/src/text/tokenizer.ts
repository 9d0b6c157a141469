/** From texts to token ids: with a tokenizer.json, or with a function. */
import { Tokenizer } from "@huggingface/tokenizers";
import { DataError } from "../errors.ts";
import { describe, isRecord } from "../values.ts";

/** Ids of a text. */
export type Tokenize = (text: string) => readonly number[];

export interface LoadedTokenizer {
  readonly tokenize: Tokenize;
  /** Id of padding, where the tokenizer has one. */
  readonly padId: number | undefined;
}

export interface TokenizerOptions {
  /** Whether the tokens that stand around a text, like [CLS] and [SEP], are added. Default true. */
  readonly special?: boolean;
  /** The parsed content of the tokenizer_config.json beside it, which few need. */
  readonly config?: unknown;
  /** For errors. Default "tokenizer.json". */
  readonly name?: string;
}

/** A file of before types were written has none. */
const models: readonly unknown[] = ["BPE", "WordPiece", "Unigram", "WordLevel", undefined];

/**
 * The tokenizer of a `tokenizer.json` (Hugging Face tokenizers).
 * @param json its parsed content
 * @throws DataError for what is no tokenizer, or of a kind that is not known
 */
export function loadTokenizer(json: unknown, options: TokenizerOptions = {}): LoadedTokenizer {
  const { special = true, config = {}, name = "tokenizer.json" } = options;
  if (!isRecord(json) || !isRecord(json.model))
    throw new DataError(
      name,
      `must be the content of a tokenizer.json, an object with a model, not ${describe(json)}`,
    );
  if (!isRecord(config))
    throw new DataError(name, `its configuration must be an object, not ${describe(config)}`);
  const { type, unk_token } = json.model;
  if (!models.includes(type))
    throw new DataError(
      name,
      `has a model of the type ${describe(type)}; BPE, WordPiece, Unigram and WordLevel are known`,
    );
  const nothing = {
    decoder: null,
    post_processor: null,
    pre_tokenizer: null,
    normalizer: null,
    added_tokens: [],
  };
  try {
    const tokenizer = new Tokenizer({ ...nothing, ...json }, { unk_token, ...config });
    return {
      tokenize: (text) => tokenizer.encode(text, { add_special_tokens: special }).ids,
      padId: padIdOf(json),
    };
  } catch (error) {
    throw new DataError(name, `cannot be used: ${error instanceof Error ? error.message : error}`);
  }
}

function padIdOf({ padding, added_tokens: added }: Record<string, unknown>): number | undefined {
  if (isRecord(padding) && typeof padding.pad_id === "number") return padding.pad_id;
  const tokens: unknown[] = Array.isArray(added) ? added : [];
  const token = tokens.find(
    (each) => isRecord(each) && (each.content === "[PAD]" || each.content === "<pad>"),
  );
  return isRecord(token) && typeof token.id === "number" ? token.id : undefined;
}
