/** One mini-batch, and its check against what a step needs. */
import { dtypeInfo, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { FeedError, type Feeds } from "@bitbudget/runtime";
import type { Target } from "./graph/step.ts";

export interface Batch {
  /** Inputs of the model, by name. */
  readonly feeds: Feeds;
  /** What the loss compares with, by name. */
  readonly targets: Feeds;
}

/** Samples in a batch: the first axis of its first feed. */
export function sampleCount({ feeds, targets }: Batch): number {
  const [first] = [...Object.values(feeds), ...Object.values(targets)];
  return first?.shape[0] ?? 1;
}

/**
 * The targets that a step has, as it has them: integers of any size become int32. Others are left out.
 * @throws FeedError for a target that is missing, or of another type or shape, or a label without a class
 */
export function targetFeeds(targets: readonly Target[], given: Feeds): Feeds {
  return Object.fromEntries(
    targets.map((target) => {
      const fed = given[target.name];
      const wanted = `a ${target.dtype} target of the loss [${target.shape.join(", ")}]`;
      if (fed === undefined) throw new FeedError(target.name, `is missing; feed ${wanted}`);
      if (fed.shape.join() !== target.shape.join())
        throw new FeedError(target.name, `must be ${wanted}, not [${fed.shape.join(", ")}]`);
      return [target.name, checkLabels(target, converted(target, fed, wanted))];
    }),
  );
}

function converted({ name, dtype, shape }: Target, fed: HostTensor, wanted: string): HostTensor {
  if (fed.dtype === dtype) return fed;
  if (dtype !== "int32" || dtypeInfo(fed.dtype).kind !== "integer")
    throw new FeedError(name, `must be ${wanted}, not ${fed.dtype}`);
  return tensor("int32", shape, Int32Array.from(valuesOf(fed), Number));
}

function checkLabels({ name, labels, shape }: Target, fed: HostTensor): HostTensor {
  if (labels === undefined) return fed;
  const { classes, ignore } = labels;
  const { data } = fed;
  for (let i = 0; i < elementCount(shape); i++) {
    const label = Number(data[i]);
    if (!(label >= 0 && label < classes) && label !== ignore)
      throw new FeedError(name, `has the label ${label} at ${i}, and the model ${classes} classes`);
  }
  return fed;
}
