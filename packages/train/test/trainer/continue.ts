/** A process that goes on with training: reads a checkpoint, makes the steps, writes a checkpoint. */
import { readFile, writeFile } from "node:fs/promises";
import { adamW, createTrainer, crossEntropy, miniBatches } from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, moons } from "../models.ts";

/** Trains to a number of steps in all, and returns the checkpoint. */
export async function train(name: string, steps: number, checkpoint?: Uint8Array): Promise<Uint8Array> {
  await using backend = await backends[name]!();
  await using trainer = await createTrainer(mlp([2, 32, 2]), {
    backend,
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adamW({ learningRate: 0.01 }),
    ...(checkpoint !== undefined && { checkpoint }),
  });
  const batches = miniBatches(moons(100, 1), { size: 30 });
  for await (const { loss } of trainer.fit(batches, { steps }))
    if (!(loss < 2)) throw new Error(`the loss is ${loss}`);
  return trainer.checkpoint();
}

const [, script = "", name, from, to] = process.argv;
if (script.endsWith("continue.ts") && name !== undefined && from !== undefined && to !== undefined)
  await writeFile(to, await train(name, 10, await readFile(from)));
