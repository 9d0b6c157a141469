/** Epochs of steps, and what they report. */
import { describe, expect, test } from "vitest";
import {
  type Batch,
  createTrainer,
  crossEntropy,
  type FitReport,
  formatDuration,
  formatProgress,
  isVector,
  miniBatches,
  sgd,
  type TrainerOptions,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, moons } from "../models.ts";

async function trainerOf(options: Partial<TrainerOptions> = {}) {
  return createTrainer(mlp([2, 4, 2]), {
    backend: await backends["backend-js"]!(),
    loss: crossEntropy({ logits: "logits" }),
    optimizer: sgd({ learningRate: 0.1 }),
    ...options,
  });
}

async function all(reports: AsyncIterable<FitReport>): Promise<FitReport[]> {
  const list: FitReport[] = [];
  for await (const report of reports) list.push(report);
  return list;
}

const batches = miniBatches(moons(50, 1), { size: 16 });

describe("fit", () => {
  test("epochs and steps are counted from the very beginning", async () => {
    await using trainer = await trainerOf();
    const epochs = await all(trainer.fit(batches, { epochs: 2 }));
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 4],
      [2, 5],
      [2, 6],
    ]);
    expect(await all(trainer.fit(batches, { epochs: 2 }))).toEqual([]);
    const steps = await all(trainer.fit(batches, { steps: 8 }));
    expect(steps.map(({ epoch, step }) => [epoch, step])).toEqual([
      [3, 7],
      [3, 8],
    ]);
    expect((await all(trainer.fit(batches, { epochs: 9, steps: 9 }))).map(({ step }) => step)).toEqual([9]);
  });

  test("stopping early leaves a trainer that goes on where it was", async () => {
    await using whole = await trainerOf();
    await using parts = await trainerOf();
    await all(whole.fit(batches, { steps: 5 }));
    for await (const { step } of parts.fit(batches, { steps: 5 })) if (step === 2) break;
    await all(parts.fit(batches, { steps: 5 }));
    expect(parts.checkpoint()).toEqual(whole.checkpoint());
  });

  test("anything that can be iterated is an epoch", async () => {
    const list: Batch[] = [moons(8, 1), moons(12, 2)];
    async function* stream() {
      yield* list;
    }
    await using trainer = await trainerOf();
    expect(await all(trainer.fit(list, { epochs: 2 }))).toHaveLength(4);
    await expect(all(trainer.fit(stream(), { epochs: 4 }))).rejects.toThrow(/epoch 4 has no batches/);
    await expect(all(trainer.fit(list, {}))).rejects.toThrow(/how many epochs or steps/);
    await expect(all(trainer.fit([], { epochs: 9 }))).rejects.toThrow(/epoch 4 has no batches/);
  });

  test("checkpoints come with reports", async () => {
    await using trainer = await trainerOf();
    const reports = await all(trainer.fit(batches, { steps: 5, checkpointEvery: 2 }));
    expect(reports.map(({ checkpoint }) => checkpoint !== undefined)).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    const { checkpoint } = reports[3]!;
    await using resumed = await trainerOf({ checkpoint: checkpoint! });
    await all(resumed.fit(batches, { steps: 5 }));
    expect(resumed.checkpoint()).toEqual(trainer.checkpoint());
  });

  test("the pace and the time that is left, by a clock of one's own", async () => {
    await using trainer = await trainerOf();
    // Planning takes 9 seconds, each further step 2.
    const times = [0, 9000, 11000, 13000, 15000];
    const reports = await all(trainer.fit(batches, { steps: 4, now: () => times.shift() ?? 0 }));
    expect(reports.map(({ samplesPerSecond }) => samplesPerSecond)).toEqual([16 / 9, 8, 8, 8]);
    expect(reports.map(({ secondsLeft }) => secondsLeft)).toEqual([27, 4, 2, 0]);
    expect(reports.map(({ steps, epochs }) => [steps, epochs])).toEqual(reports.map(() => [4, undefined]));
    expect(String(reports[1])).toMatch(
      /^epoch 1 {2}step 2\/4 {2}loss \S+ {2}rate 0.1 {2}8 samples\/s {2}4 s left$/,
    );
  });

  test("the smoothed loss is the mean at first", async () => {
    await using trainer = await trainerOf();
    const reports = await all(trainer.fit(batches, { steps: 6 }));
    const mean = reports.reduce((sum, { loss }) => sum + loss, 0) / 6;
    expect(reports.at(-1)?.smoothedLoss).toBeCloseTo(mean, 12);
  });
});

describe("groups", () => {
  test("have rates and decays of their own", async () => {
    await using trainer = await trainerOf({
      optimizer: sgd({ learningRate: 0.1, weightDecay: 0.5 }),
      groups: [
        { parameters: ["w0"], learningRate: 0 },
        { parameters: isVector, weightDecay: 0 },
      ],
    });
    await using plain = await trainerOf();
    const weights = (of: typeof trainer) =>
      Object.fromEntries(Array.from(of.parameters, ([name, { data }]) => [name, Float32Array.from(data)]));
    const before = weights(trainer);
    await trainer.step(moons(16, 1));
    await plain.step(moons(16, 1));
    const [found, undecayed] = [weights(trainer), weights(plain)];
    expect(found.w0).toEqual(before.w0);
    expect(found.b0).toEqual(undecayed.b0);
    found.w1!.forEach((w, i) => {
      expect(w).toBeCloseTo(undecayed.w1![i]! - 0.05 * before.w1![i]!, 6);
    });
  });
});

describe("the progress line", () => {
  const progress = {
    epoch: 3,
    epochs: 10,
    step: 512,
    steps: 2000,
    loss: 0.9,
    smoothedLoss: 0.421337,
    learningRate: 0.00095123,
    samplesPerSecond: 1234.5,
    secondsLeft: 130.4,
  };

  test("has everything that is known", () => {
    expect(formatProgress(progress)).toBe(
      "epoch 3/10  step  512/2000  loss 0.4213  rate 0.000951  1230 samples/s  2 min 10 s left",
    );
    expect(formatProgress({ ...progress, epochs: undefined, steps: undefined, secondsLeft: undefined })).toBe(
      "epoch 3  step 512  loss 0.4213  rate 0.000951  1230 samples/s",
    );
    expect(formatProgress({ ...progress, samplesPerSecond: Number.POSITIVE_INFINITY })).not.toMatch(
      /Infinity/,
    );
  });

  test("durations have their two largest units", () => {
    expect([0, 0.6, 59.4, 59.6, 60, 3599, 3600, 3661, 90061].map(formatDuration)).toEqual([
      "0 s",
      "1 s",
      "59 s",
      "1 min 00 s",
      "1 min 00 s",
      "59 min 59 s",
      "1 h 00 min",
      "1 h 01 min",
      "25 h 01 min",
    ]);
  });
});
