/** convolution: every product of a convolution, added to the output, to the gradient of the image or to that of the filter. */
import { type ConvolutionShapes, convolutionShapes, type KernelSpec } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { load, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { plainRows } from "./formats.ts";

export const convolution: JsKernel<"convolution"> = {
  rows: plainRows(["float32", "float64"]),

  prepare(_, spec) {
    const { inputs, attributes } = spec;
    const shapes = convolutionShapes(spec);
    const shape = shapes[attributes.wants];
    const type = { dtype: inputs[0]!.dtype, shape };
    return {
      bytes: 0,
      run([a, b], [to]) {
        const [first, second] = [load(a!, inputs[0]!), load(b!, inputs[1]!)];
        const sums = new Float64Array(elementCount(shape));
        if (attributes.wants === "output")
          forEachTerm(spec, shapes, (x, w, y) => {
            sums[y]! += first[x]! * second[w]!;
          });
        else if (attributes.wants === "input")
          forEachTerm(spec, shapes, (x, w, y) => {
            sums[x]! += first[y]! * second[w]!;
          });
        else
          forEachTerm(spec, shapes, (x, w, y) => {
            sums[w]! += first[x]! * second[y]!;
          });
        store(sums, to!, type);
      },
    };
  },
};

/** Calls `visit` with the positions in image, filter and output of every product. What lies in the padding has none. */
function forEachTerm(
  { attributes: { groups, kernel, strides, dilations, pads } }: KernelSpec<"convolution">,
  { input, filter, output }: ConvolutionShapes,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [batch, channels, height, width] = input;
  const [filters, perGroup] = filter;
  const [, , rows, columns] = output;
  const filtersOfGroup = filters / groups;
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < filters; f++)
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(f / filtersOfGroup) * perGroup + c;
        for (let row = 0; row < rows; row++)
          for (let i = 0; i < kernel[0]; i++) {
            const h = row * strides[0] - pads[0] + i * dilations[0];
            if (h < 0 || h >= height) continue;
            for (let column = 0; column < columns; column++)
              for (let j = 0; j < kernel[1]; j++) {
                const w = column * strides[1] - pads[1] + j * dilations[1];
                if (w < 0 || w >= width) continue;
                visit(
                  ((n * channels + channel) * height + h) * width + w,
                  ((f * perGroup + c) * kernel[0] + i) * kernel[1] + j,
                  ((n * filters + f) * rows + row) * columns + column,
                );
              }
          }
      }
}
