/** where: elements of one tensor or the other, as a condition says. */
import { broadcastStrides, definitionOf } from "@bitbudget/backend";
import { dtypes, strides } from "@bitbudget/core";
import type { JsKernel } from "../kernel.ts";
import { rowsOf } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { movable } from "./formats.ts";

export const where: JsKernel<"where"> = {
  rows: movable.map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),

  prepare(_, spec) {
    const [condition, a, b] = [spec.inputs[0]!, spec.inputs[1]!, spec.inputs[2]!];
    const { dtype, shape } = definitionOf(spec).outputs(spec)[0]!;
    const words = dtypes[dtype].bits === 64 ? 2 : 1;
    const rows = rowsOf(
      shape,
      strides(shape),
      ...[condition, a, b].map((type) => broadcastStrides(type.shape, shape)),
    );
    const { length, steps, forEach } = rows;
    const [step = 0, stepC = 0, stepA = 0, stepB = 0] = steps;
    return {
      bytes: 0,
      run([c, x, y], [out]) {
        const [flags, yes, no] = [wordsOf(c!, "bool"), wordsOf(x!, dtype), wordsOf(y!, dtype)];
        const to = wordsOf(out!, dtype);
        forEach(([start = 0, startC = 0, startA = 0, startB = 0]) => {
          for (let i = 0; i < length; i++) {
            const taken = flags[startC + i * stepC] !== 0;
            const from = taken ? yes : no;
            const at = (taken ? startA + i * stepA : startB + i * stepB) * words;
            const position = (start + i * step) * words;
            for (let word = 0; word < words; word++) to[position + word] = from[at + word]!;
          }
        });
      },
    };
  },
};
