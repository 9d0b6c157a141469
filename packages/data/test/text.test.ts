/** Texts: lines, tokenizers, windows and their targets, worked out by hand. */
import { valuesOf } from "@bitbudget/core";
import { expect, test } from "vitest";
import { type OpenOptions, openData, type TextOptions } from "../src/index.ts";
import { fromText } from "./support/bytes.ts";
import { collect } from "./support/collect.ts";

/** Words by number, unknown ones as 1; [CLS] before and [SEP] behind. */
const tokenizer = {
  version: "1.0",
  added_tokens: [
    {
      id: 0,
      content: "[PAD]",
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    },
    {
      id: 2,
      content: "[CLS]",
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    },
    {
      id: 3,
      content: "[SEP]",
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    },
  ],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: null,
  model: {
    type: "WordLevel",
    unk_token: "[UNK]",
    vocab: { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, the: 4, cat: 5, sat: 6, dog: 7 },
  },
};

function open(content: string, text: TextOptions, options: OpenOptions = {}, path = "a.jsonl") {
  return openData({ path, data: fromText(content) }, { text, ...options });
}

async function samples(
  content: string,
  text: TextOptions,
  path?: string,
): Promise<Record<string, number[][]>> {
  const [batch] = await collect(await open(content, text, { batchSize: 100 }, path));
  const rows = ({ shape, ...t }: Parameters<typeof valuesOf>[0]) => {
    const values = [...valuesOf({ ...t, shape })];
    const width = shape[1] ?? 1;
    return Array.from({ length: shape[0]! }, (_, i) => values.slice(i * width, (i + 1) * width));
  };
  return Object.fromEntries(
    [...Object.entries(batch!.feeds), ...Object.entries(batch!.targets)].map(([name, each]) => [
      name,
      rows(each),
    ]),
  );
}

test("texts and their classes, padded and cut", async () => {
  const lines =
    '{"text":"The cat sat","label":"b"}\r\n\r\n{"text":"dog","label":"a"}\n{"text":"the bird the cat the dog","label":"b"}';
  const data = await open(lines, { tokenizer, length: 5 });
  expect([data.count, data.classes]).toEqual([3, ["a", "b"]]);
  expect(await samples(lines, { tokenizer, length: 5 })).toEqual({
    input_ids: [
      [2, 4, 5, 6, 3],
      [2, 7, 3, 0, 0],
      [2, 4, 1, 4, 5],
    ],
    attention_mask: [
      [1, 1, 1, 1, 1],
      [1, 1, 1, 0, 0],
      [1, 1, 1, 1, 1],
    ],
    labels: [[1], [0], [1]],
  });
  const left = await samples(lines, {
    tokenizer,
    length: 6,
    pad: "left",
    padId: 9,
    special: false,
    names: { ids: "tokens", mask: false },
  });
  expect(left).toEqual({
    tokens: [
      [9, 9, 9, 4, 5, 6],
      [9, 9, 9, 9, 9, 7],
      [4, 1, 4, 5, 4, 7],
    ],
    labels: [[1], [0], [1]],
  });
});

test("next tokens: shifted, ignored where nothing follows", async () => {
  const lines = "[[10,11,12,13,14,15],[20,21]]";
  expect(await samples(lines, { length: 4, next: true, names: { mask: false } }, "a.json")).toEqual({
    input_ids: [
      [10, 11, 12, 13],
      [20, 21, 0, 0],
    ],
    // 14 lies beyond the sample and is its last target.
    labels: [
      [11, 12, 13, 14],
      [21, -100, -100, -100],
    ],
  });
  expect(
    await samples(
      lines,
      { length: 3, next: true, windows: 3, ignore: -1, pad: "left", names: { mask: false } },
      "a.json",
    ),
  ).toEqual({
    input_ids: [
      [10, 11, 12],
      [13, 14, 15],
      [0, 20, 21],
    ],
    labels: [
      [11, 12, 13],
      [14, 15, -1],
      [-1, 21, -1],
    ],
  });
});

test("windows that overlap: every token is a target once", async () => {
  const { input_ids, labels } = await samples("[1,2,3,4,5,6,7,8]", {
    length: 4,
    next: true,
    windows: 2,
    names: { mask: false },
  });
  expect(input_ids).toEqual([
    [1, 2, 3, 4],
    [3, 4, 5, 6],
    [5, 6, 7, 8],
  ]);
  expect(labels).toEqual([
    [2, 3, 4, 5],
    [-100, -100, 6, 7],
    [-100, -100, 8, -100],
  ]);
  const exact = await samples("[1,2,3,4,5]", { length: 4, next: true, windows: 4, names: { mask: false } });
  expect(exact).toEqual({ input_ids: [[1, 2, 3, 4]], labels: [[2, 3, 4, 5]] });
});

test("a plain text with a function from texts to ids", async () => {
  const text = {
    tokenizer: (content: string) => Array.from(content, (letter) => letter.charCodeAt(0) - 97),
    length: 3,
    windows: 3,
    dtype: "int32",
    names: { mask: false },
  } as const;
  const data = await open("abcdefg", text, {}, "a.txt");
  const [batch] = await collect(data.shuffle(4));
  expect([data.count, batch!.feeds.input_ids!.dtype, batch!.feeds.input_ids!.shape]).toEqual([
    3,
    "int32",
    [3, 3],
  ]);
  expect(await samples("abcdefg", text, "a.txt")).toEqual({
    input_ids: [
      [0, 1, 2],
      [3, 4, 5],
      [6, 0, 0],
    ],
  });
  expect(await data.hash()).not.toBe(await (await open("abcdefh", text, {}, "a.txt")).hash());
});

test.each([
  [
    '{"text":"a"}\n{"text":3}',
    { tokenizer, length: 4 },
    "a.jsonl, line 2: must have a text, or ids that are non-negative integers, not 3",
  ],
  ['{"text":"a"', { tokenizer, length: 4 }, "a.jsonl, line 1: is not JSON"],
  ['{"text":"a"}', { length: 4 }, "give text.tokenizer"],
  ['{"text":"a"}', { tokenizer: {}, length: 4 }, "must be the content of a tokenizer.json"],
  [
    '{"text":"a"}',
    { tokenizer: { model: { type: "Nonsense", vocab: {} } }, length: 4 },
    'tokenizer.json: has a model of the type "Nonsense"',
  ],
  ['{"text":"a"}', { tokenizer: () => [undefined], length: 4 }, "must return a list of integers"],
  ["[1,2,3,4,5]", { length: 4, windows: "error" }, "has 5 tokens, and a sample 4"],
  ["[1]", { length: 0 }, "text.length: must be a number of tokens"],
  ["[1]", { length: 4, windows: 5 }, "text.windows: must be"],
  ['{"ids":[1],"label":0}\n{"ids":[1]}', { length: 4 }, "has labels for 1 of 2 texts"],
  [
    '{"ids":[1],"label":"c"}',
    { length: 4, classes: ["a"] },
    'has the label "c", which is not among the classes',
  ],
  ['{"ids":[1],"label":-1}', { length: 4 }, "has the label -1; use the number of a class, or its name"],
  ['{"ids":[1],"label":2147483648}', { length: 4 }, "has the label 2147483648"],
  ["\n\n", { length: 4 }, "has no samples"],
] satisfies [string, TextOptions, string][])("%s with %j is an error", async (content, text, message) => {
  const reading = open(content, text).then((data) => collect(data));
  await expect(reading).rejects.toThrow(message);
});

test("texts need to be told how", async () => {
  await expect(openData({ path: "a.jsonl", data: fromText("[1]") })).rejects.toThrow(
    "give text: { length, tokenizer, ... }",
  );
});
