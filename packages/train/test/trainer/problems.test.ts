import { tensorValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  adamW,
  cosine,
  createTrainer,
  crossEntropy,
  meanSquaredError,
  miniBatches,
  sgd,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, moons, uniform } from "../models.ts";

for (const [name, open] of Object.entries(backends))
  describe(name, () => {
    test("two moons", async () => {
      await using backend = await open();
      await using trainer = await createTrainer(mlp([2, 16, 16, 2]), {
        backend,
        loss: crossEntropy({ logits: "logits" }),
        optimizer: adamW({ learningRate: 0.02 }),
        schedule: cosine({ steps: 150, warmup: 10 }),
      });
      const batches = miniBatches(moons(256, 1), { size: 64 });
      for await (const { loss } of trainer.fit(batches, { steps: 150 })) expect(loss).toBeLessThan(2);
      const held = miniBatches(moons(200, 2), { size: 64, partial: "keep", shuffle: false });
      expect(await trainer.evaluate(held, accuracy({ logits: "logits" }))).toBeGreaterThan(0.97);
    });

    test("linear regression finds the solution in closed form", async () => {
      await using backend = await open();
      const [x, y] = [uniform([8, 2], 1, 3), uniform([8, 1], 1, 4)];
      await using trainer = await createTrainer(mlp([2, 1]), {
        backend,
        loss: meanSquaredError({ output: "logits" }),
        optimizer: sgd({ learningRate: 0.3, momentum: 0.9 }),
      });
      const batch = { feeds: { x }, targets: { target: y } };
      for (let i = 0; i < 400; i++) await trainer.step(batch);
      const expected = leastSquares(x.data, y.data);
      const { w0, b0 } = Object.fromEntries(
        trainer.model().graph!.initializer.map((proto) => [proto.name, tensorValue(proto)]),
      );
      const found = [...(w0?.data ?? []), ...(b0?.data ?? [])].map(Number);
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

/** Weights and bias that solve the normal equations, for two features. */
function leastSquares(x: Float32Array, y: Float32Array): number[] {
  const rows = Array.from(y, (_, i) => [x[2 * i]!, x[2 * i + 1]!, 1]);
  const matrix = [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row, k) => sum + row[i]! * y[k]!, 0),
  ]);
  for (let i = 0; i < 3; i++)
    for (let k = 0; k < 3; k++) {
      if (k === i) continue;
      const factor = matrix[k]![i]! / matrix[i]![i]!;
      for (let j = i; j < 4; j++) matrix[k]![j]! -= factor * matrix[i]![j]!;
    }
  return matrix.map((row, i) => row[3]! / row[i]!);
}
