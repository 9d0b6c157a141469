/** A detector of speech, which has no labels here: windows of a recording, each from the state of silence. */
import { readFileSync } from "node:fs";
import { tensor } from "@bitbudget/core";
import { parseModel } from "@bitbudget/onnx";
import type { Batch } from "@bitbudget/train";
import { labelFree, shared, type Task } from "./task.ts";

/** 16 kHz, -1 to 1: a RIFF file of 16-bit samples. */
function recording(): Float32Array {
  const file = readFileSync(shared("data/silero_test.wav"));
  for (let at = 12; at + 8 <= file.length; ) {
    const [id, size] = [file.toString("latin1", at, at + 4), file.readUInt32LE(at + 4)];
    if (id === "data")
      return Float32Array.from(
        { length: Math.min(size, file.length - at - 8) / 2 },
        (_, i) => file.readInt16LE(at + 8 + 2 * i) / 32768,
      );
    at += 8 + size + (size % 2);
  }
  throw new Error("the recording has no samples");
}

const [CONTEXT, STEP, BATCH] = [64, 512, 25];

/** 25 windows at once, from one second on. */
function windows(first: number, count: number): Batch[] {
  const samples = recording();
  return Array.from({ length: count }, (_, b) => {
    const data = new Float32Array(BATCH * (CONTEXT + STEP));
    for (let i = 0; i < BATCH; i++) {
      const from = 16_000 + (first + b * BATCH + i) * STEP;
      data.set(samples.subarray(from - CONTEXT, from + STEP), i * (CONTEXT + STEP));
    }
    const feeds = {
      input: tensor("float32", [BATCH, CONTEXT + STEP], data),
      state: tensor("float32", [2, BATCH, 128]),
      sr: tensor("int64", [], [16_000n]),
    };
    return { feeds, targets: {} };
  });
}

export const speechTask: Task = labelFree(
  "silero_vad_16k_op15",
  async () => parseModel(readFileSync(shared("models/silero_vad_16k_op15.onnx"))),
  "output",
  async () => windows(0, 8),
  async () => windows(400, 40),
);
