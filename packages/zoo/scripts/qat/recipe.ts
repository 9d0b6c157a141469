/**
 * Quantization-aware training of an image classifier without labels, as the scripts here do it: the teacher is the float
 * model, images are flipped and shifted, and what is measured is the exported model of integers.
 */
import type { Backend } from "@bitbudget/backend";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import {
  accuracy,
  adam,
  type Batch,
  type CodeFormat,
  type Comparison,
  compare,
  cosine,
  createTrainer,
  distill,
  evaluate,
  exportQuantized,
  foldNorms,
  type InitialStep,
  type LayerScheme,
  miniBatches,
  prepareQat,
  type QuantizerMethod,
  simulate,
  stepGroups,
  taughtBy,
  weightGroups,
} from "@bitbudget/train";

export interface Task {
  readonly backend: Backend;
  readonly float: ModelProto;
  /** Name of the input, and of the logits. */
  readonly input: string;
  readonly logits: string;
  /** Float32 [count, channels, height, width]. */
  readonly images: HostTensor;
  /** Images and labels to measure on. */
  readonly held: readonly Batch[];
  /** Largest shift in pixels, and whether images may be mirrored. */
  readonly shift: number;
  readonly mirror: boolean;
}

export interface Recipe {
  readonly scheme: LayerScheme;
  readonly epochs: number;
  readonly method?: QuantizerMethod;
  readonly start?: InitialStep;
  readonly batch?: number;
  /** Relative to the size of weights and steps. */
  readonly rate?: number;
  readonly stepRate?: number;
  readonly temperature?: number;
  /** Part of the steps after which normalizations are folded, where there are any. */
  readonly foldAfter?: number;
  readonly seed?: number;
  readonly log?: (line: string) => void;
}

export interface Outcome {
  /** Part of the held images whose label the integers find, before and after training. */
  readonly rounded: number;
  readonly learned: number;
  readonly comparison: Comparison;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Part of the labels that a model finds. */
export async function measure(model: ModelProto, { backend, held, logits }: Task): Promise<number> {
  const metrics = { right: accuracy({ logits }) };
  return (await evaluate(model, { backend, batches: held, metrics })).right;
}

/** What rounding alone makes of the model: steps from minimum and maximum of some images. */
export async function roundOnly(task: Task, scheme: LayerScheme, start: InitialStep): Promise<ModelProto> {
  const { backend, float } = task;
  const prepared = await prepareQat(float, {
    backend,
    layers: () => scheme,
    method: "fixed",
    start,
    calibration: calibration(task),
  });
  return exportQuantized(prepared);
}

export async function learn(task: Task, recipe: Recipe): Promise<{ model: ModelProto; outcome: Outcome }> {
  const { backend, float, logits, input, images } = task;
  const { scheme, epochs, method = "lsq", batch = 32, temperature = 4, seed = 0 } = recipe;
  const { rate = 0.01, stepRate = 0.01, foldAfter = 0.5, start, log } = recipe;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const rounded = await measure(await roundOnly(task, scheme, "min-max"), task);
  let model = await prepareQat(float, {
    backend,
    layers: () => scheme,
    method,
    ...(start && { start }),
    calibration: calibration(task),
  });
  await using session = await createSession(float, { backend });
  const teach = taughtBy(session, { teacher: logits });
  const batches = miniBatches(
    { feeds: { [input]: images }, targets: {} },
    { size: batch, seed, prepare: (given, random) => teach(augment(given, task, random)) },
  );
  const steps = epochs * batches.length;
  const schedule = cosine({ steps, warmup: Math.min(100, Math.floor(steps / 20)) });
  const hasNorms = Graph.of(model).nodes.some(({ opType }) => opType === "BatchNormalization");
  const stages = hasNorms ? [Math.round(epochs * foldAfter), epochs] : [epochs];
  let done = 0;
  for (const until of stages) {
    const offset = done * batches.length;
    await using trainer = await createTrainer(model, {
      backend,
      loss: distill({ logits, temperature }),
      optimizer: adam({ learningRate: rate }),
      schedule: (step) => schedule(step + offset),
      groups: [
        ...stepGroups(model, { learningRate: stepRate }),
        ...weightGroups(model, { learningRate: rate }),
      ],
    });
    const stage = {
      length: batches.length,
      epoch: (i: number, from: number) => batches.epoch(i + done, from),
    };
    for await (const report of trainer.fit(stage, { epochs: until - done }))
      if (log !== undefined && report.step % batches.length === 0) {
        const right = await measure(exportQuantized(trainer.model()), task);
        log(`${report}  accuracy ${percent(right)}`);
      }
    model = trainer.model();
    if (until !== epochs) model = foldNorms(model);
    done = until;
  }
  const exported = exportQuantized(model);
  await using simulation = simulate(foldNorms(model), { backend });
  await using integers = await createSession(exported, { backend });
  const feeds = task.held.map((each) => each.feeds);
  const comparison = await compare(simulation, integers, feeds);
  const { user, system } = process.cpuUsage(cpu);
  const outcome = {
    rounded,
    learned: await measure(exported, task),
    comparison,
    bytes: writeModel(exported).length,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
  };
  return { model: exported, outcome };
}

export function percent(part: number): string {
  return (100 * part).toFixed(2);
}

/** Learns at some widths, as in "w2a4", and prints what came of it. */
export async function table(task: Task, names: readonly string[], epochs: number): Promise<void> {
  const float = await measure(task.float, task);
  console.log(`float: ${percent(float)}`);
  const lines: string[] = [];
  for (const name of names) {
    const [, weight, activation] = /^w(\d)a(\d)$/.exec(name) ?? [];
    const { outcome } = await learn(task, {
      scheme: {
        weight: { dtype: `int${weight}` as CodeFormat },
        activation: { dtype: `uint${activation}` as CodeFormat },
      },
      epochs,
      log: (line) => console.log(`${name}: ${line}`),
    });
    const { rounded, learned, comparison, bytes, seconds, cpuSeconds } = outcome;
    const { agreeing, predictions, largestDifference, meanDifference } = comparison;
    const cells = [
      ...[name.toUpperCase(), percent(rounded), percent(learned), percent(learned - float)],
      ...[`${agreeing} of ${predictions}`, largestDifference, meanDifference],
      ...[bytes, seconds.toFixed(0), cpuSeconds.toFixed(0)],
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  const titles = [
    ...["", "rounded", "learned", "less float", "agreeing predictions"],
    ...["largest difference", "mean difference", "bytes", "s", "CPU s"],
  ];
  console.log(`\n| ${titles.join(" | ")} |\n|${"---|".repeat(titles.length)}`);
  for (const line of lines) console.log(line);
}

/** The first 400 images, in batches of 100. */
function calibration({ images, input }: Task) {
  return Array.from({ length: 4 }, (_, i) => ({ [input]: rows(images, i * 100, 100) }));
}

/** Some images in a row. */
export function rows(images: HostTensor, from: number, count: number): HostTensor {
  const [, ...shape] = images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const values = valuesOf(images) as Float32Array;
  return tensor("float32", [count, ...shape], values.slice(from * size, (from + count) * size));
}

/** Mirrors half of the images and shifts all of them; what comes in at an edge repeats the edge. */
function augment({ feeds, targets }: Batch, { input, shift, mirror }: Task, random: () => number): Batch {
  const { shape, data } = feeds[input] as HostTensor<"float32">;
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  const moved = new Float32Array(data.length);
  const move = () => Math.floor(random() * (2 * shift + 1)) - shift;
  const clamp = (i: number, size: number) => Math.min(size - 1, Math.max(0, i));
  for (let image = 0; image < count; image++) {
    const turned = mirror && random() < 0.5;
    const [down, across] = [move(), move()];
    const columns = Array.from({ length: width }, (_, x) => {
      const from = clamp(x + across, width);
      return turned ? width - 1 - from : from;
    });
    for (let plane = image * channels; plane < (image + 1) * channels; plane++)
      for (let y = 0; y < height; y++) {
        const from = (plane * height + clamp(y + down, height)) * width;
        const to = (plane * height + y) * width;
        for (let x = 0; x < width; x++) moved[to + x] = data[from + columns[x]!]!;
      }
  }
  return { feeds: { [input]: tensor("float32", shape, moved) }, targets };
}
