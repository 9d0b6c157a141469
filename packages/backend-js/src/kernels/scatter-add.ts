/** scatterAdd: slices added up at their indices. */
import { IndexError } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { load, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { plainRows } from "./formats.ts";

export const scatterAdd: JsKernel<"scatterAdd"> = {
  rows: plainRows(["float32", "float64"]),

  prepare(_, { inputs, attributes: { axis, size } }) {
    const [indices, updates] = [inputs[0]!, inputs[1]!];
    const count = elementCount(indices.shape);
    const outer = elementCount(updates.shape.slice(0, axis));
    const after = updates.shape.slice(axis + indices.shape.length);
    const inner = elementCount(after);
    const type = { dtype: updates.dtype, shape: [...updates.shape.slice(0, axis), size, ...after] };
    return {
      bytes: 0,
      run([at, from], [to]) {
        const slices = Array.from(load(at!, indices), (index, position) => {
          if (index < -size || index >= size) throw new IndexError(index, position, size);
          return index < 0 ? index + size : index;
        });
        const values = load(from!, updates);
        const sums = new Float64Array(outer * size * inner);
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < count; i++)
            for (let k = 0; k < inner; k++)
              sums[(o * size + slices[i]!) * inner + k]! += values[(o * count + i) * inner + k]!;
        store(sums, to!, type);
      },
    };
  },
};
