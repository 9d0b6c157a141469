/** Real inputs for the real models, decoded from their files. Everything is [channels, height, width] or a list of ids. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import sharp from "sharp";
import { shared } from "./shared.ts";

/** Channels with values 0 to 255. */
export interface Picture {
  readonly channels: Float32Array;
  readonly label: number;
}

/** Handwritten digits, [1, 28, 28] (the first of the test set). */
export function digits(count: number): Picture[] {
  const images = gunzipSync(readFileSync(shared("data/mnist/t10k-images-idx3-ubyte.gz"))).subarray(16);
  const labels = gunzipSync(readFileSync(shared("data/mnist/t10k-labels-idx1-ubyte.gz"))).subarray(8);
  const size = 28 * 28;
  return Array.from({ length: count }, (_, i) => ({
    channels: Float32Array.from(images.subarray(i * size, (i + 1) * size)),
    label: labels[i] ?? -1,
  }));
}

/** CIFAR-10 pictures, [3, 32, 32] (the first of the test set): a label byte and 3072 bytes each. */
export function cifar(count: number): Picture[] {
  const bytes = gunzipSync(readFileSync(shared("data/cifar10-test-first5000.bin.gz")));
  const size = 1 + 3 * 32 * 32;
  return Array.from({ length: count }, (_, i) => ({
    channels: Float32Array.from(bytes.subarray(i * size + 1, (i + 1) * size)),
    label: bytes[i * size] ?? -1,
  }));
}

/** Photographs, [3, height, width]; every tenth class is for calibration and left out. */
export async function photographs(count: number, width = 224, height = 224): Promise<Picture[]> {
  const names = readdirSync(shared("data/imagenet-224")).filter((name) => name.endsWith(".jpg"));
  const evaluated = names.sort().filter((name) => Number.parseInt(name, 10) % 10 !== 0);
  return Promise.all(
    evaluated.slice(0, count).map(async (name) => {
      const image = sharp(shared(`data/imagenet-224/${name}`))
        .removeAlpha()
        .toColourspace("srgb");
      const { data } = await image.resize(width, height).raw().toBuffer({ resolveWithObject: true });
      const channels = new Float32Array(3 * width * height);
      for (let i = 0; i < channels.length; i++)
        channels[i] = data[(i % (width * height)) * 3 + Math.floor(i / (width * height))] ?? 0;
      return { channels, label: Number.parseInt(name, 10) };
    }),
  );
}

/** Token ids of stories, each padded on the right with 0. */
export function stories(count: number, length: number): number[][] {
  const all: unknown = JSON.parse(readFileSync(shared("data/tinystories/tok512_300stories.json"), "utf8"));
  const lists = Array.isArray(all) ? all.slice(0, count) : [];
  return lists.map((story) =>
    Array.from({ length }, (_, i) => (Array.isArray(story) ? Number(story[i] ?? 0) : 0)),
  );
}

/** Character ids of consecutive pieces of Shakespeare, from the part that the model was not trained on. */
export function shakespeare(count: number, length: number): number[][] {
  const text = readFileSync(shared("data/tinyshakespeare.txt"), "utf8").slice(100_000);
  const vocabulary: unknown = JSON.parse(
    readFileSync(shared("models/charrnn_shakespeare_vocab.json"), "utf8"),
  );
  const ids = new Map<string, unknown>(Object.entries(vocabulary ?? {}));
  return Array.from({ length: count }, (_, i) =>
    Array.from(text.slice(i * length, (i + 1) * length), (character) => Number(ids.get(character))),
  );
}

/** Speech, 16 kHz, -1 to 1: a RIFF file of 16-bit samples. */
export function speech(): Float32Array {
  const file = readFileSync(shared("data/silero_test.wav"));
  for (let at = 12; at + 8 <= file.length; ) {
    const [id, size] = [file.toString("latin1", at, at + 4), file.readUInt32LE(at + 4)];
    if (id === "data") {
      const samples = new Float32Array(Math.min(size, file.length - at - 8) / 2);
      return samples.map((_, i) => file.readInt16LE(at + 8 + 2 * i) / 32768);
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("the recording has no samples");
}
