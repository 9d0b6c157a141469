/** Models of language: the next token of stories, the next character of Shakespeare. */
import { readFileSync } from "node:fs";
import { tensor } from "@bitbudget/core";
import { parseModel } from "@bitbudget/onnx";
import { meanCrossEntropy } from "@bitbudget/train";
import { batches, shared, type Task } from "./task.ts";

/** A target that does not count: what follows padding. */
const NONE = -1;

/** Ids, and after each of them the next one. */
function sample(ids: readonly number[], length: number) {
  const at = (list: readonly number[], i: number, other: number) => list[i] ?? other;
  return {
    x: tensor(
      "int64",
      [length],
      BigInt64Array.from({ length }, (_, i) => BigInt(at(ids, i, 0))),
    ),
    label: Int32Array.from({ length }, (_, i) => at(ids, i + 1, NONE)),
  };
}

function stories(from: number, count: number) {
  const lists: number[][] = JSON.parse(
    readFileSync(shared("data/tinystories/tok512_300stories.json"), "utf8"),
  );
  return lists.slice(from, from + count).map((ids) => sample(ids, 256));
}

/** Characters in windows of 256. */
function shakespeare(from: number, count: number) {
  const text = readFileSync(shared("data/tinyshakespeare.txt"), "utf8");
  const ids = new Map<string, number>(
    Object.entries(JSON.parse(readFileSync(shared("models/charrnn_shakespeare_vocab.json"), "utf8"))),
  );
  const all = Array.from(text.slice(from, from + count * 256 + 1), (character) => ids.get(character) ?? 0);
  return Array.from({ length: count }, (_, i) => {
    const window = sample(all.slice(i * 256, i * 256 + 257), 256);
    return window;
  });
}

function language(
  name: string,
  size: number,
  calibrate: () => ReturnType<typeof stories>,
  held: () => ReturnType<typeof stories>,
): Task {
  return {
    ...{ name, unit: "nats", metric: meanCrossEntropy({ logits: "logits", ignore: NONE }) },
    load: async () => parseModel(readFileSync(shared(`models/${name}.onnx`))),
    calibration: () => batches(calibrate(), "input_ids", size),
    evaluation: async () => batches(held(), "input_ids", size),
  };
}

export const textTasks: readonly Task[] = [
  language(
    "stories260K_T256",
    4,
    () => stories(200, 32),
    () => stories(0, 100),
  ),
  language(
    "charrnn_shakespeare_lstm",
    10,
    () => shakespeare(0, 40),
    () => shakespeare(100_000, 100),
  ),
];
