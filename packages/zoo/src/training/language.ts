/** The recipe of the network for the language. */
import { adamW, cosine, crossEntropy } from "@bitbudget/train";
import { scoreLanguage } from "../evaluate.ts";
import { textSamples, textTensors } from "../language/text.ts";
import { buildLanguageTransformer } from "../models/language-transformer.ts";
import type { Recipe } from "./recipe.ts";

export const languageRecipe: Recipe = {
  name: "language-transformer",
  build: buildLanguageTransformer,
  batch(seed, index, size = 32) {
    const samples = textSamples({ split: "train", seed, start: index * size, count: size });
    const { tokens, next } = textTensors(samples);
    return { feeds: { tokens }, targets: { labels: next } };
  },
  steps: 3000,
  options: (steps) => ({
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adamW({ learningRate: 0.003 }),
    schedule: cosine({ steps, warmup: Math.floor(steps / 40) }),
    clip: { norm: 1 },
  }),
  async score(session, split, count) {
    const { accuracy, nats } = await scoreLanguage(session, textSamples({ split, count }));
    return { accuracy, nats };
  },
};
