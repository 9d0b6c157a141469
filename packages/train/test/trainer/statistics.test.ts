/** Networks with batch normalization: running statistics are part of the state. */
import { tensor } from "@bitbudget/core";
import { makeNode, tensorValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  adamW,
  type Batch,
  createTrainer,
  crossEntropy,
  type TrainerOptions,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { model, uniform } from "../models.ts";

/** Images of stripes, lying or standing, in noise. */
function stripes(count: number, seed: number): Batch {
  const noise = uniform([count, 1, 6, 6], 0.5, seed);
  const images = noise.data.map((x, i) => {
    const [row, column, image] = [Math.floor(i / 6) % 6, i % 6, Math.floor(i / 36)];
    return x + 3 + ((image % 2 === 0 ? row : column) % 2);
  });
  return {
    feeds: { x: tensor("float32", [count, 1, 6, 6], images) },
    targets: {
      labels: tensor(
        "int32",
        [count],
        Int32Array.from({ length: count }, (_, i) => i % 2),
      ),
    },
  };
}

function network() {
  const ones = (length: number) => tensor("float32", [length], new Float32Array(length).fill(1));
  return model({
    input: ["batch", 1, 6, 6],
    initializers: {
      filter: uniform([4, 1, 2, 2], 1, 1),
      scale: ones(4),
      bias: tensor("float32", [4]),
      mean: tensor("float32", [4]),
      variance: ones(4),
      weight: uniform([4, 2], 1, 2),
    },
    nodes: [
      makeNode("Conv", ["x", "filter"], ["convolved"], { attributes: { kernel_shape: [2n, 2n] } }),
      makeNode("BatchNormalization", ["convolved", "scale", "bias", "mean", "variance"], ["normal"], {
        attributes: { momentum: 0.8 },
      }),
      makeNode("Relu", ["normal"], ["positive"]),
      makeNode("GlobalAveragePool", ["positive"], ["pooled"]),
      makeNode("Flatten", ["pooled"], ["flat"]),
      makeNode("MatMul", ["flat", "weight"], ["logits"]),
    ],
    output: "logits",
  });
}

for (const [name, open] of Object.entries(backends))
  describe(name, () => {
    const run = async (steps: number, more: Partial<TrainerOptions> = {}) => {
      await using backend = await open();
      await using trainer = await createTrainer(network(), {
        backend,
        loss: crossEntropy({ logits: "logits" }),
        optimizer: adamW({ learningRate: 0.05 }),
        ...more,
      });
      const batches = [stripes(16, 1), stripes(16, 2), stripes(16, 3)];
      for await (const { loss } of trainer.fit(batches, { steps })) expect(loss).toBeLessThan(5);
      const right = await trainer.evaluate([stripes(40, 9)], accuracy({ logits: "logits" }));
      const numbers = Object.fromEntries(
        trainer
          .model()
          .graph!.initializer.map((each) => [each.name, [...tensorValue(each).data].map(Number)]),
      );
      return { right, numbers, parameters: [...trainer.parameters.keys()], checkpoint: trainer.checkpoint() };
    };

    test("learns, for inference with the running statistics", async () => {
      const { right, numbers, parameters } = await run(60);
      expect(right).toBe(1);
      expect(parameters).toEqual(["filter", "scale", "bias", "weight"]);
      expect(numbers.mean).not.toEqual([0, 0, 0, 0]);
      expect(numbers.variance!.every((x) => x > 0 && x !== 1)).toBe(true);
    });

    test("goes on from a checkpoint, statistics included", async () => {
      const whole = await run(6);
      const first = await run(4);
      const second = await run(6, { checkpoint: first.checkpoint });
      expect(second.checkpoint).toEqual(whole.checkpoint);
      expect(second.numbers).toEqual(whole.numbers);
    });

    test("leaves frozen statistics as they are", async () => {
      const { numbers } = await run(3, { statistics: "frozen" });
      expect(numbers.mean).toEqual([0, 0, 0, 0]);
      expect(numbers.variance).toEqual([1, 1, 1, 1]);
    });
  });
