/** What goes wrong while training: NaN, feeds that do not fit, signals, trainers that are gone. */
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { FeedError } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/checkpoint.ts";
import {
  adamW,
  type Batch,
  CheckpointError,
  createTrainer,
  crossEntropy,
  meanSquaredError,
  miniBatches,
  NotFiniteError,
  type Optimizer,
  sgd,
  type TrainerOptions,
  TrainingError,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, moons, uniform } from "../models.ts";

const openJs = backends["backend-js"]!;

async function trainerOf(options: Partial<TrainerOptions> = {}) {
  return createTrainer(mlp([2, 8, 2]), {
    backend: await openJs(),
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adamW({ learningRate: 0.01 }),
    ...options,
  });
}

const batch = moons(16, 1);
const broken: Batch = {
  feeds: {
    x: tensor(
      "float32",
      [16, 2],
      Float32Array.from({ length: 32 }, (_, i) => (i === 9 ? Number.NaN : 0.5)),
    ),
  },
  targets: batch.targets,
};

async function caught(promise: Promise<unknown>): Promise<NotFiniteError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof NotFiniteError) return error;
  throw error ?? new Error("nothing was thrown");
}

describe("NaN and infinity", () => {
  test("stop with the step, the rate, and the last state that was good", async () => {
    await using trainer = await trainerOf({ keepEvery: 3, schedule: (step) => 1 / (step + 1) });
    await using other = await trainerOf({ schedule: (step) => 1 / (step + 1) });
    for (let i = 0; i < 5; i++) await trainer.step(batch);
    const before = trainer.checkpoint();
    const error = await caught(trainer.step(broken));
    expect(error.step).toBe(6);
    expect(error.learningRate).toBeCloseTo(0.01 / 6, 12);
    expect(error.message).toMatch(/loss \(NaN\) of step 6.*0.0016.*from step 3/);
    // Steps 0 and 3 were kept, each before its update.
    for (let i = 0; i < 3; i++) await other.step(batch);
    expect(error.checkpointStep).toBe(3);
    expect(error.checkpoint).toEqual(other.checkpoint());
    // The step was not made, so that training may go on.
    expect(trainer.checkpoint()).toEqual(before);
    expect((await trainer.step(batch)).step).toBe(6);
  });

  test("at the first step there is nothing to go back to", async () => {
    await using trainer = await trainerOf();
    const error = await caught(trainer.step(broken));
    expect(error.checkpoint).toBeUndefined();
    expect(error.message).toMatch(/no step before it was good/);
  });

  test("a state with infinite parameters is not kept, even where the loss does not show it", async () => {
    // tanh of minus infinity is -1, and its gradient 0.
    const optimizer: Optimizer = {
      ...{ name: "ends at step 3", learningRate: 1, weightDecay: 0, slots: [] },
      update: (parameter, _, __, { step }) => {
        if (step === 3) parameter.fill(Number.NEGATIVE_INFINITY);
      },
    };
    await using trainer = await trainerOf({ parameters: ["b0"], optimizer, keepEvery: 1 });
    for (let i = 0; i < 5; i++) expect((await trainer.step(batch)).loss).toBeLessThan(5);
    expect((await caught(trainer.step(broken))).checkpointStep).toBe(2);
  });

  test("a gradient that is infinite is named, though the loss is finite", async () => {
    const loss = crossEntropy({ logits: "logits" });
    await using trainer = await trainerOf({
      loss: (context) => {
        const { ops } = context;
        // sqrt(0) * 1e-9 is finite; its gradient is not.
        const bias = context.value("b1");
        const zero = ops.unary("Sqrt", ops.sum(ops.mul(bias, bias), [0]));
        return ops.add(ops.reshape(loss(context), [1]), zero);
      },
    });
    expect((await caught(trainer.step(batch))).message).toMatch(/the gradient of "b1" of step 1/);
  });

  test("what diverges is stopped, and its checkpoint is from before that", async () => {
    const options = {
      loss: meanSquaredError({ output: "logits" }),
      optimizer: sgd({ learningRate: 5 }),
      keepEvery: 1,
    };
    await using trainer = await createTrainer(mlp([2, 2]), { backend: await openJs(), ...options });
    const feeds = { feeds: { x: uniform([8, 2], 2, 1) }, targets: { target: uniform([8, 2], 1, 2) } };
    const first = await trainer.step(feeds);
    const run = async () => {
      for (let i = 0; i < 200; i++) await trainer.step(feeds);
    };
    const error = await caught(run());
    const { parameters } = readCheckpoint(error.checkpoint!);
    expect(error.checkpointStep).toBeLessThan(error.step - 2);
    expect(parameters.data.every(Number.isFinite)).toBe(true);
    await using resumed = await createTrainer(mlp([2, 2]), {
      backend: await openJs(),
      ...options,
      optimizer: sgd({ learningRate: 0.01 }),
      checkpoint: error.checkpoint!,
    });
    const after = await resumed.step(feeds);
    expect(after.loss).toBeLessThan(10 * first.loss);
  });
});

describe("feeds and targets", () => {
  const cases: Record<string, [Batch, RegExp]> = {
    "an input that is missing": [
      { ...batch, feeds: {} },
      /"x" is missing; feed a float32 tensor \[batch, 2\]/,
    ],
    "an input that is unknown": [
      { ...batch, feeds: { ...batch.feeds, z: tensor("float32", [1]) } },
      /"z" is not one of the model's inputs: x/,
    ],
    "an input of another shape": [
      { ...batch, feeds: { x: tensor("float32", [16, 3]) } },
      /"x" must have the shape \[batch, 2\], not \[16, 3\]/,
    ],
    "an input of another type": [{ ...batch, feeds: { x: tensor("float64", [16, 2]) } }, /must be float32/],
    "labels that are missing": [
      { ...batch, targets: {} },
      /"labels" is missing; feed a int32 target of the loss \[16\]/,
    ],
    "labels of another shape": [
      { ...batch, targets: { labels: tensor("int32", [15]) } },
      /"labels" must be a int32 target of the loss \[16\], not \[15\]/,
    ],
    "labels that are floats": [
      { ...batch, targets: { labels: tensor("float32", [16]) } },
      /"labels" must be a int32 target.*not float32/,
    ],
    "a label without a class": [
      { ...batch, targets: { labels: tensor("int32", [16], new Int32Array(16).fill(2, 5)) } },
      /"labels" has the label 2 at 5, and the model 2 classes/,
    ],
    "a negative label": [
      { ...batch, targets: { labels: tensor("int64", [16], new BigInt64Array(16).fill(-1n)) } },
      /label -1 at 0/,
    ],
  };
  for (const [name, [given, message]] of Object.entries(cases))
    test(name, async () => {
      await using trainer = await trainerOf();
      const error = await trainer.step(given).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FeedError);
      expect(String(error)).toMatch(message);
      expect(trainer.steps).toBe(0);
    });

  test("labels of any integer type are the same, and targets that no loss reads are left out", async () => {
    const labels = Array.from(valuesOf(batch.targets.labels!), Number);
    const typed: HostTensor[] = [
      tensor("uint8", [16], Uint8Array.from(labels)),
      tensor("int64", [16], BigInt64Array.from(labels, BigInt)),
      tensor("int32", [16], Int32Array.from(labels)),
    ];
    const losses: number[] = [];
    for (const each of typed) {
      await using trainer = await trainerOf();
      losses.push(
        (await trainer.step({ ...batch, targets: { labels: each, more: tensor("float32", [3]) } })).loss,
      );
    }
    expect(new Set(losses).size).toBe(1);
  });
});

describe("checkpoints of something else", () => {
  test("are refused with what differs", async () => {
    await using trainer = await trainerOf();
    const checkpoint = trainer.checkpoint();
    await expect(trainerOf({ checkpoint, optimizer: sgd({ learningRate: 1 }) })).rejects.toThrow(
      /optimizer "adamw" that remembers \[first moment, second moment\] where this has the optimizer "sgd"/,
    );
    await expect(trainerOf({ checkpoint, parameters: ["w0"] })).rejects.toThrow(
      /has the parameter "b0" \[8\] where this has nothing more/,
    );
    await expect(trainerOf({ checkpoint: new Uint8Array(100) })).rejects.toThrow(CheckpointError);
  });
});

describe("endings", () => {
  test("a signal ends training between two steps, with its reason", async () => {
    await using trainer = await trainerOf();
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = async () => {
      const batches = miniBatches(moons(64, 1), { size: 16 });
      for await (const { step } of trainer.fit(batches, { steps: 10, signal: controller.signal }))
        if (step === 3) controller.abort(reason);
    };
    await expect(run()).rejects.toBe(reason);
    expect(trainer.steps).toBe(3);
  });

  test("a signal is heard though no step ever waits", async () => {
    await using trainer = await trainerOf();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("time is up")), 0);
    const run = async () => {
      for await (const { step } of trainer.fit([batch], { steps: 1e9, signal: controller.signal }))
        expect(step).toBeGreaterThan(0);
    };
    await expect(run()).rejects.toThrow("time is up");
  });

  test("a trainer that was disposed says so", async () => {
    const trainer = await trainerOf();
    await trainer.step(batch);
    await trainer.dispose();
    await trainer.dispose();
    await expect(trainer.step(batch)).rejects.toThrow(/disposed/);
  });

  test("a loss that depends on nothing that is trained", async () => {
    await using trainer = await trainerOf({
      loss: ({ ops, value }) => ops.sum(value("x"), [0, 1]),
    });
    await expect(trainer.step(batch)).rejects.toThrow(/depends on none of the parameters: w0, b0, w1, b1/);
    await expect(trainer.step(batch)).rejects.toThrow(TrainingError);
  });

  test("bounds that are none", async () => {
    await expect(trainerOf({ clip: { norm: 0 } })).rejects.toThrow(/positive/);
    await expect(trainerOf({ groups: [{ parameters: ["w7"] }] })).rejects.toThrow(/"w7"/);
    await expect(trainerOf({ groups: [{ parameters: ["w0"], learningRate: -1 }] })).rejects.toThrow(/group/);
  });
});
