/** Float weights are let go as soon as their codes are there, so that no two sets of weights are in memory. */
import type { Graph } from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";

/** Takes the weights of a layer out of the graphs that have them, unless something still reads them. */
export function release({ graph, weights }: Layer): void {
  for (const { name } of weights)
    for (let each: Graph | undefined = graph; each !== undefined; each = each.outer)
      if (each.initializers.has(name) && each.consumers(name).length === 0 && !each.isOutput(name))
        each.initializers.delete(name);
}
