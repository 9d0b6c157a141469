/** Random search (Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012): the baseline of algorithms. */
import type { AlgorithmSpec } from "../algorithm.ts";
import { Random } from "../random.ts";
import { Distinct, randomConfiguration } from "./distinct.ts";

/** Configurations whose mixture of choices is random, too; none twice. */
export function randomSearch(): AlgorithmSpec {
  return {
    name: "random",
    settings: {},
    create(problem, seed) {
      const random = new Random(seed);
      const distinct = new Distinct();
      return { ask: () => distinct.draw(() => randomConfiguration(problem, random)), tell: () => {} };
    },
  };
}
