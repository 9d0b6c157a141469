/** linear: every row of activations with every row of weights. */
import { linearDepth } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { results, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { prepareWeighted, weightedRows } from "./weighted.ts";

export const linear: JsKernel<"linear"> = {
  rows: weightedRows(["dynamic uint8", "dynamic int8"]),

  prepare(_, spec, weights) {
    const { channels, output } = spec.attributes;
    const positions = spec.inputs[0]!.shape.slice(0, -1);
    const rows = elementCount(positions);
    const type = { dtype: output, shape: [...positions, channels] };
    const weighted = prepareWeighted(spec, weights, channels, linearDepth(spec));
    return {
      bytes: weighted.bytes,
      run([x], [y]) {
        const activations = weighted.activations(x!);
        const out = results(y!, type);
        for (let row = 0, at = 0; row < rows; row++)
          for (let channel = 0; channel < channels; channel++, at++)
            out[at] = weighted.output(activations, row, channel);
        store(out, y!, type);
      },
    };
  },
};
