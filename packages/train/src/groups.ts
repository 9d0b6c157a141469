/** Settings of the optimizer for each parameter. */
import type { HostTensor } from "@bitbudget/core";
import { TrainingError } from "./errors.ts";
import { checkSetting, type Optimizer, type UpdateSettings } from "./optimizers/optimizer.ts";
import type { ParameterChoice } from "./parameters.ts";

export interface Group {
  readonly parameters: ParameterChoice;
  /** Before the factor of the schedule. Default: the optimizer's. */
  readonly learningRate?: number;
  /** Default: the optimizer's. */
  readonly weightDecay?: number;
  /** Elements that an update makes smaller become this. Default: they may become anything. */
  readonly minimum?: number;
}

/** What an optimizer is told of a parameter, and the bound that its updates are held to. */
export type ParameterSettings = Omit<UpdateSettings, "step"> & { readonly minimum: number | undefined };

/** Biases, and scales of normalizations: a group of them without weight decay is customary. */
export function isVector(_name: string, { shape }: HostTensor): boolean {
  return shape.length <= 1;
}

/** @throws TrainingError for names that are no parameters, or settings out of their range */
export function settingsOf(
  parameters: ReadonlyMap<string, HostTensor<"float32">>,
  { learningRate, weightDecay }: Optimizer,
  groups: readonly Group[],
): ReadonlyMap<string, ParameterSettings> {
  for (const group of groups) {
    checkSetting("learningRate of a group", group.learningRate ?? 0, 0);
    checkSetting("weightDecay of a group", group.weightDecay ?? 0, 0);
    if (typeof group.parameters === "function") continue;
    for (const name of group.parameters)
      if (!parameters.has(name))
        throw new TrainingError(`a group has ${JSON.stringify(name)}, which is not trained`);
  }
  return new Map(
    Array.from(parameters, ([name, tensor]) => {
      const group = groups.find(({ parameters: choice }) =>
        typeof choice === "function" ? choice(name, tensor) : choice.includes(name),
      );
      return [
        name,
        {
          learningRate: group?.learningRate ?? learningRate,
          weightDecay: group?.weightDecay ?? weightDecay,
          minimum: group?.minimum,
        },
      ];
    }),
  );
}
