/** recurrent: the steps of LSTM, GRU and simple recurrent layers, the sequences of a batch split over threads. */
import { recurrentSize } from "@bitbudget/backend";
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";
import { type Product, packChannels, packPanels } from "../weighted/product.ts";
import { float32Weight } from "../weighted/weights.ts";

export const recurrent = wasmKernel(
  withHalves<"recurrent">({
    rows: [{ activation: "float32", weight: "float32", output: "float32", arithmetic: "native" }],
    compile(context, spec, weights, owned) {
      const { length, batch, hidden, gates } = recurrentSize(spec);
      const { cell, reverse = false, clip = Infinity, linearBeforeReset = false } = spec.attributes;
      const recurrence = float32Weight(weights.recurrence);
      /** The rows of some gates. */
      const panels = (first: number, count: number) => {
        const rows = recurrence.subarray(first * hidden * hidden, (first + count) * hidden * hidden);
        return owned.store(packPanels(rows, product(count * hidden, hidden)));
      };
      // Besides the products, a gate of a unit is worth about ten multiply-adds.
      const work = length * batch * gates * hidden * (hidden + 10);
      const sums = owned.workspace(batch * gates * hidden * 4);
      const common = [length, batch, hidden, reverse ? 1 : 0, clip] as const;

      switch (cell) {
        case "lstm": {
          const w = panels(0, 4);
          return ([x, h, c], [y, hLast, cLast]) =>
            context.run("lstmF32", batch, work, x!, h!, c!, y!, hLast!, cLast!, w, sums(), ...common);
        }
        case "gru": {
          const [w, wn] = [panels(0, 2), panels(2, 1)];
          const bias = linearBeforeReset
            ? owned.store(packChannels(float32Weight(weights.bias), product(hidden, hidden)))
            : 0;
          const products = owned.workspace(batch * (hidden + 3) * 4);
          return ([x, h], [y, hLast]) =>
            context.run(
              "gruF32",
              batch,
              work,
              x!,
              h!,
              y!,
              hLast!,
              w,
              wn,
              bias,
              sums(),
              products(),
              ...common,
            );
        }
        case "rnn": {
          const w = panels(0, 1);
          return ([x, h], [y, hLast]) => context.run("rnnF32", batch, work, x!, h!, y!, hLast!, w, ...common);
        }
      }
    },
  }),
);

/** How weights [channels, depth] are packed. */
function product(channels: number, depth: number): Product {
  return { rows: 1, depth, groups: 1, channels, groupChannels: 0, geometry: 0, order: (k) => k };
}
