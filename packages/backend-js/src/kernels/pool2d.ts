/** pool2d: the maximum or the average of the elements under each window. */
import { definitionOf, imageLayout } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { load, results, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { floats, plainRows } from "./formats.ts";

export const pool2d: JsKernel<"pool2d"> = {
  rows: plainRows([...floats, "int8", "uint8"]),

  prepare(_, spec) {
    const type = spec.inputs[0]!;
    const output = definitionOf(spec).outputs(spec)[0]!;
    const { kind, layout, kernel, strides, dilations, pads, countIncludePad = false } = spec.attributes;
    const from = imageLayout(type.shape, layout);
    const to = imageLayout(output.shape, layout);
    const [top, left, bottom, right] = pads;
    const { kind: format, min } = dtypes[type.dtype];
    const lowest = format === "float" ? Number.NEGATIVE_INFINITY : min;
    return {
      bytes: 0,
      run([x], [y]) {
        const values = load(x!, type);
        const out = results(y!, output);
        for (let image = 0; image < to.batch; image++)
          for (let channel = 0; channel < to.channels; channel++)
            for (let row = 0; row < to.height; row++)
              for (let column = 0; column < to.width; column++) {
                const start = image * from.batchStride + channel * from.channelStride;
                let max = lowest;
                let sum = 0;
                let count = 0;
                for (let i = 0; i < kernel[0]; i++) {
                  const h = row * strides[0] - top + i * dilations[0];
                  if (h >= from.height + bottom) continue;
                  for (let j = 0; j < kernel[1]; j++) {
                    const w = column * strides[1] - left + j * dilations[1];
                    if (w >= from.width + right) continue;
                    const inside = h >= 0 && h < from.height && w >= 0 && w < from.width;
                    if (inside || countIncludePad) count++;
                    if (!inside) continue;
                    const element = values[start + h * from.rowStride + w * from.columnStride]!;
                    max = Math.max(max, element);
                    sum += element;
                  }
                }
                const at =
                  image * to.batchStride +
                  channel * to.channelStride +
                  row * to.rowStride +
                  column * to.columnStride;
                out[at] = kind === "max" ? max : sum / count;
              }
        store(out, y!, output);
      },
    };
  },
};
