import { open } from "@bitbudget/backend-wasm";
import { writeModel } from "@bitbudget/onnx";
import { describe, expect, test, vi } from "vitest";
import { languageRecipe, type Recipe, shapesRecipe, trainRecipe } from "../../src/index.ts";

vi.setConfig({ testTimeout: 60_000 });

async function train(recipe: Recipe, options: { seed?: number; steps: number; threads?: number }) {
  await using backend = await open({ threads: options.threads ?? 1 });
  const losses: number[] = [];
  // Small batches; and figures on 1,000 samples take longer than these few steps do.
  const quick: Recipe = {
    ...recipe,
    batch: (seed, index) => recipe.batch(seed, index, 4),
    score: async () => ({ accuracy: 0.5 }),
  };
  const model = await trainRecipe(quick, { backend, ...options, onStep: ({ loss }) => losses.push(loss) });
  return { bytes: writeModel(model), losses, model };
}

describe.each([shapesRecipe, languageRecipe])("$name", (recipe) => {
  test("the same seed gives the same bytes, on one thread and on two; another seed others", async () => {
    const first = await train(recipe, { steps: 3 });
    const again = await train(recipe, { steps: 3, threads: 2 });
    const other = await train(recipe, { steps: 3, seed: 1 });
    expect(again.losses).toEqual(first.losses);
    expect(again.bytes).toEqual(first.bytes);
    expect(other.bytes).not.toEqual(first.bytes);
    const notes = first.model.metadataProps.map(({ key, value }) => `${key} ${value}`);
    expect(notes).toEqual(
      expect.arrayContaining(["training.seed 0", "training.steps 3", "test.accuracy 0.5000"]),
    );
  });

  test("all batches are new", () => {
    const feed = (index: number) => {
      const [tensor] = Object.values(recipe.batch(0, index).feeds);
      return String(tensor?.data.slice(0, 3072));
    };
    expect(new Set([feed(0), feed(1), feed(2)]).size).toBe(3);
    expect(feed(1)).toBe(feed(1));
  });
});

test("the transformer learns which letters there are in its first steps", async () => {
  const { losses } = await train(languageRecipe, { steps: 30 });
  // Uniform guesses among 48 cost 3.87 nats.
  expect(Math.min(...losses)).toBeLessThan(3.4);
});

test("training stops where it is told to", async () => {
  await using backend = await open({ threads: 1 });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(trainRecipe(languageRecipe, { backend, steps: 5, signal })).rejects.toThrow("enough");
});
