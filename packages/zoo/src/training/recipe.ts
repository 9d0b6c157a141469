/** How a model is trained: everything but the machine that does it. */
import type { Backend } from "@bitbudget/backend";
import {
  clone,
  create,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
} from "@bitbudget/onnx";
import { createSession, type Session } from "@bitbudget/runtime";
import { type Batch, createTrainer, type FitReport, type TrainerOptions } from "@bitbudget/train";

export interface Recipe {
  readonly name: string;
  /** The network with initial weights. */
  readonly build: (seed: number) => ModelProto;
  /** Batch `index` of the training split, all of whose samples are new. @param size in samples; default 32 */
  readonly batch: (seed: number, index: number, size?: number) => Batch;
  /** Steps of the committed model. */
  readonly steps: number;
  readonly options: (
    steps: number,
  ) => Pick<TrainerOptions, "loss" | "optimizer" | "schedule" | "clip" | "groups">;
  /** Figures of merit on the first `count` samples of a split, by name. */
  readonly score: (
    session: Session,
    split: "validation" | "test",
    count: number,
  ) => Promise<Readonly<Record<string, number>>>;
}

export interface TrainOptions {
  readonly backend: Backend;
  /** Of the weights and of the data. Default 0, the seed of the committed models. */
  readonly seed?: number;
  /** Default: as many as the recipe has. The learning rate falls to nothing over them. */
  readonly steps?: number;
  readonly onStep?: (report: FitReport) => void;
  readonly signal?: AbortSignal;
}

/**
 * Trains a model from nothing. The same seed, steps and kind of backend give the same bytes. Its metadata tells seed,
 * steps and the figures on 1,000 samples of the test split, which training has not seen.
 */
export async function trainRecipe(recipe: Recipe, options: TrainOptions): Promise<ModelProto> {
  const { backend, seed = 0, steps = recipe.steps, onStep, signal } = options;
  await using trainer = await createTrainer(recipe.build(seed), { backend, seed, ...recipe.options(steps) });
  const batches = {
    length: steps,
    *epoch(_: number, from: number) {
      for (let i = from; i < steps; i++) yield recipe.batch(seed, i);
    },
  };
  for await (const report of trainer.fit(batches, { steps, ...(signal && { signal }) })) onStep?.(report);
  const model = clone(ModelProtoSchema, trainer.model());
  await using session = await createSession(model, { backend });
  const figures = await recipe.score(session, "test", 1000);
  note(model, "training.seed", String(seed));
  note(model, "training.steps", String(steps));
  for (const [name, figure] of Object.entries(figures)) note(model, `test.${name}`, figure.toFixed(4));
  return model;
}

function note(model: ModelProto, key: string, value: string): void {
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key, value }));
}
