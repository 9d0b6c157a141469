/**
 * `node packages/quantize/scripts/calibration-memory.ts [images] [batch]`: the memory that calibrating SqueezeNet takes when
 * everything is observed, beyond that of running it. Each is measured in a process of its own, as its largest resident
 * size. Images are noise, which takes as much room as photographs do.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { calibrate, calibrationToBytes, floatModel, inputGrams, layersOf } from "@bitbudget/quantize";
import { createSession } from "@bitbudget/runtime";
import { type Batch, randomNumbers } from "@bitbudget/train";
import { shared } from "./tasks/index.ts";

/** Bytes above the plain run that calibration may take. */
const LIMIT = 400e6;

type Work = "run" | "calibrate" | "grams";

interface Figures {
  readonly peak: number;
  readonly cpuSeconds: number;
  readonly note: string;
}

/** The same images whenever it is iterated over. */
function noise(model: ModelProto, images: number, size: number): Iterable<Batch> {
  const [input] = Graph.of(model).inputs;
  return {
    *[Symbol.iterator]() {
      const random = randomNumbers(1);
      for (let done = 0; done < images; done += size) {
        const shape = [Math.min(size, images - done), 3, 224, 224];
        const length = shape.reduce((a, b) => a * b);
        const pixels = Float32Array.from({ length }, () => 4 * random() - 2);
        yield { feeds: { [input?.name ?? ""]: tensor("float32", shape, pixels) }, targets: {} };
      }
    },
  };
}

const works: Record<Work, (model: ModelProto, batches: Iterable<Batch>) => Promise<string>> = {
  async run(model, batches) {
    await using backend = await open({ threads: 1 });
    await using session = await createSession(model, { backend });
    let count = 0;
    for (const { feeds } of batches) {
      await session.run(feeds);
      count++;
    }
    return `${count} batches`;
  },
  async calibrate(model, batches) {
    await using backend = await open({ threads: 1 });
    const calibration = await calibrate(model, batches, { backend });
    const kilobytes = Math.round(calibrationToBytes(calibration).length / 1e3);
    return `${calibration.samples} samples, ${calibration.names.length} values, ${kilobytes} kB stored`;
  },
  async grams(model, batches) {
    await using backend = await open({ threads: 1 });
    const options = { backend, memory: 256 * 2 ** 20 };
    let count = 0;
    for await (const _ of inputGrams(model, layersOf(Graph.of(model)), batches, options)) count++;
    return `${count} layers`;
  },
};

async function child(work: Work, images: number, size: number): Promise<void> {
  const model = await floatModel(shared("models/squeezenet1.1_torchvision.onnx"));
  const before = process.cpuUsage();
  const note = await works[work](model, noise(model, images, size));
  const { user, system } = process.cpuUsage(before);
  const figures: Figures = {
    peak: process.resourceUsage().maxRSS * 1024,
    cpuSeconds: (user + system) / 1e6,
    note,
  };
  console.log(JSON.stringify(figures));
}

function measured(work: Work, images: number, size: number): Figures {
  const script = fileURLToPath(import.meta.url);
  const given = ["--child", work, String(images), String(size)];
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...given], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const [first = "1000", ...rest] = process.argv.slice(2);
if (first === "--child") {
  const [work = "run", images, size] = rest;
  if (work === "run" || work === "calibrate" || work === "grams")
    await child(work, Number(images), Number(size));
} else {
  const [images, size] = [Number(first), Number(rest[0] ?? 4)];
  console.log(`squeezenet1.1, batches of ${size}; MB is the largest resident size`);
  const plain = measured("run", Math.min(images, 10 * size), size);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  console.log(`run             ${megabytes(plain.peak)}, ${plain.note}`);
  const rows = [
    ["calibrate", images],
    ["grams", Math.min(images, 100)],
  ] as const;
  for (const [work, count] of rows) {
    const { peak, cpuSeconds, note } = measured(work, count, size);
    const above = peak - plain.peak;
    const each = `${Math.round((1e3 * cpuSeconds) / count)} ms of processor for each image`;
    console.log(`${work.padEnd(15)} ${megabytes(peak)}, ${megabytes(above)} more: ${note}; ${each}`);
    if (above > LIMIT) {
      console.error(`more than ${megabytes(LIMIT)} above a plain run`);
      process.exitCode = 1;
    }
  }
}
