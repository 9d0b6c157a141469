/** The recipe of the network for the shapes. */
import { tensor } from "@bitbudget/core";
import { adamW, cosine, crossEntropy } from "@bitbudget/train";
import { scoreShapes } from "../evaluate.ts";
import { buildShapesCnn } from "../models/shapes-cnn.ts";
import { imageTensor, shapeImages } from "../shapes/images.ts";
import type { Recipe } from "./recipe.ts";

export const shapesRecipe: Recipe = {
  name: "shapes-cnn",
  build: buildShapesCnn,
  batch(seed, index, size = 32) {
    const { pixels, labels } = shapeImages({ split: "train", seed, start: index * size, count: size });
    return {
      feeds: { image: imageTensor(pixels) },
      targets: { labels: tensor("int32", [size], Int32Array.from(labels)) },
    };
  },
  steps: 4000,
  options: (steps) => ({
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adamW({ learningRate: 0.004 }),
    schedule: cosine({ steps, warmup: Math.floor(steps / 40) }),
    clip: { norm: 5 },
  }),
  async score(session, split, count) {
    const { accuracy } = await scoreShapes(session, shapeImages({ split, count }));
    return { accuracy };
  },
};
