/** The same choice everywhere: what people do without a search, and the baseline that a search has to beat. */
import type { Algorithm, AlgorithmSpec } from "../algorithm.ts";
import type { Configuration, Problem } from "../problem.ts";

/**
 * Tries each label in turn, in the order in which groups have them. Groups that have no such choice keep that of the
 * reference.
 */
export function uniform(): AlgorithmSpec {
  return { name: "uniform", settings: {}, create: (problem) => listed(uniformConfigurations(problem)) };
}

/** One configuration for each label; without repetition. */
export function uniformConfigurations({ groups, reference }: Problem): Configuration[] {
  const labels = new Set(groups.flatMap(({ choices }) => choices.map(({ label }) => label)));
  const configurations = Array.from(labels, (wanted) =>
    groups.map(({ choices }, i) => {
      const index = choices.findIndex(({ label }) => label === wanted);
      return index < 0 ? reference[i]! : index;
    }),
  );
  return [...new Map(configurations.map((each) => [each.join(), each])).values()];
}

/** Asks for what is in a list. */
function listed(configurations: readonly Configuration[]): Algorithm {
  let next = 0;
  return { ask: () => configurations[next++], tell: () => {} };
}
