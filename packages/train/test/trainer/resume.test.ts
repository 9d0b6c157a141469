import { open as openWasm } from "@bitbudget/backend-wasm";
import { tensor, valuesOf } from "@bitbudget/core";
import { writeModel } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  adamW,
  cosine,
  createTrainer,
  crossEntropy,
  miniBatches,
  type Optimizer,
  sgd,
  type TrainerOptions,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { dropping, mlp, moons } from "../models.ts";

const optimizers: Record<string, Optimizer> = {
  adamW: adamW({ learningRate: 0.01 }),
  "sgd with momentum": sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
};

/** Three and a bit batches in an epoch, so that ten steps go through three of them. */
const batches = () =>
  miniBatches(moons(100, 1), {
    size: 30,
    seed: 5,
    partial: "keep",
    prepare: ({ feeds, targets }, random) => ({
      feeds: {
        x: tensor(
          "float32",
          feeds.x!.shape,
          valuesOf(feeds.x!).map((x) => x + 0.1 * random()),
        ),
      },
      targets,
    }),
  });

for (const [name, open] of Object.entries(backends))
  describe(name, () => {
    for (const [each, optimizer] of Object.entries(optimizers))
      test(`${each}: 10 steps are 5, a checkpoint, and 5 more`, async () => {
        await using backend = await open();
        const options: TrainerOptions = {
          backend,
          loss: crossEntropy({ logits: "logits" }),
          optimizer,
          schedule: cosine({ steps: 10, warmup: 3 }),
          clip: { norm: 0.5 },
        };
        const run = async (steps: number, checkpoint?: Uint8Array) => {
          const resumed = checkpoint === undefined ? options : { ...options, checkpoint };
          await using trainer = await createTrainer(mlp([2, 8, 2]), resumed);
          const losses: number[] = [];
          for await (const { loss } of trainer.fit(batches(), { steps })) losses.push(loss);
          return { losses, checkpoint: trainer.checkpoint(), model: writeModel(trainer.model()) };
        };
        const whole = await run(10);
        const first = await run(5);
        const second = await run(10, first.checkpoint);
        expect([...first.losses, ...second.losses]).toEqual(whole.losses);
        expect(second.checkpoint).toEqual(whole.checkpoint);
        expect(second.model).toEqual(whole.model);
        expect(await run(10)).toEqual(whole);
      });

    test("what dropout draws follows from the seed and the step", async () => {
      await using backend = await open();
      const losses = async (seed: number, steps: number, checkpoint?: Uint8Array) => {
        await using trainer = await createTrainer(dropping(16), {
          backend,
          loss: crossEntropy({ logits: "logits" }),
          optimizer: sgd({ learningRate: 0 }),
          seed,
          ...(checkpoint !== undefined && { checkpoint }),
        });
        const list: number[] = [];
        for await (const { loss } of trainer.fit([moons(8, 1)], { steps })) list.push(loss);
        return { list, checkpoint: trainer.checkpoint() };
      };
      const whole = await losses(1, 6);
      const first = await losses(1, 3);
      const second = await losses(1, 6, first.checkpoint);
      expect([...first.list, ...second.list]).toEqual(whole.list);
      // The weights stay: only what is dropped differs.
      expect(new Set([...whole.list, ...(await losses(2, 6)).list]).size).toBe(12);
    });
  });

test("one thread computes what two do", async () => {
  const checkpoints = [1, 2].map(async (threads) => {
    await using backend = await openWasm({ threads });
    // Large enough to be shared among threads.
    await using trainer = await createTrainer(mlp([2, 256, 256, 2]), {
      backend,
      loss: crossEntropy({ logits: "logits" }),
      optimizer: adamW({ learningRate: 0.01 }),
    });
    for (let i = 0; i < 3; i++) await trainer.step(moons(256, i));
    return trainer.checkpoint();
  });
  const [one, two] = await Promise.all(checkpoints);
  expect(one).toEqual(two);
});
