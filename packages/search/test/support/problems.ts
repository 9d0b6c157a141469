/** Problems that can be computed, and are as hard as those of models: layers of different size and sensitivity. */
import { type Choice, type Configuration, createProblem, type Problem, Random } from "../../src/index.ts";

export interface Synthetic {
  readonly problem: Problem;
  /** What an evaluation would measure. */
  readonly loss: (configuration: Configuration) => number;
}

export interface SyntheticOptions {
  readonly groups: number;
  readonly seed: number;
  /** How much neighbouring groups compound or cancel their losses. Default 0. */
  readonly interaction?: number;
  /** The largest error of a measurement. Default 0. */
  readonly noise?: number;
  readonly budget?: number;
  /** Whether the problem predicts the loss of each choice. Default false: it has to be measured. */
  readonly isPredicted?: boolean;
}

/** Label, cost and loss of a choice, for a layer of cost and sensitivity 1. */
const formats = [
  ["float32", 1, 0],
  ["int8", 0.4, 0.01],
  ["int4", 0.25, 0.15],
  ["int2", 0.18, 1],
] as const;

export function synthetic(options: SyntheticOptions): Synthetic {
  const { groups: count, seed, interaction = 0, noise = 0, budget = 0.3, isPredicted = false } = options;
  const random = new Random(seed, 77);
  const layers = Array.from({ length: count }, (_, i) => {
    const size = 0.2 + 5 * random.next() ** 2;
    const sensitivity = 0.01 * 100 ** random.next();
    const choices = formats.map(([label, cost, loss]) => ({
      label,
      cost: size * cost * (0.8 + 0.4 * random.next()),
      loss: sensitivity * loss * (0.5 + random.next()),
    }));
    return { name: `layer${i}`, choices };
  });
  const groups = layers.map(({ name, choices }) => ({
    name,
    choices: choices.map(({ label, cost, loss }): Choice => {
      const costs = { latencyMs: cost, bytes: Math.round(1000 * cost) };
      return isPredicted ? { label, costs, loss } : { label, costs };
    }),
  }));
  return {
    problem: createProblem({ groups, objective: { latencyMs: 1 }, budget }),
    loss: (configuration) => {
      const losses = configuration.map((choice, i) => layers[i]!.choices[choice]!.loss);
      const sum = losses.reduce((total, loss, i) => {
        const product = Math.sqrt(loss * (losses[i - 1] ?? 0));
        return total + loss + interaction * product * ((i % 3) - 0.7);
      }, 0);
      return Math.max(0, sum) + noise * (2 * new Random(seed, ...configuration).next() - 1);
    },
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
