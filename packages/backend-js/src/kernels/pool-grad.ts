/** poolGrad: each window hands its gradient to its first largest element, or in equal parts to all that it averages. */
import { type KernelSpec, poolGradShapes } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { load, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { plainRows } from "./formats.ts";

export const poolGrad: JsKernel<"poolGrad"> = {
  rows: plainRows(["float32", "float64"]),

  prepare(_, spec) {
    const { inputs, attributes } = spec;
    const { image, pooled } = poolGradShapes(spec);
    const [batch, channels, height, width] = image;
    const [, , rows, columns] = pooled;
    const type = { dtype: inputs[0]!.dtype, shape: image };
    return {
      bytes: 0,
      run(given, [dx]) {
        const isMax = attributes.kind === "max";
        const gradient = load(given[isMax ? 1 : 0]!, inputs[isMax ? 1 : 0]!);
        const x = load(given[0]!, inputs[0]!);
        const sums = new Float64Array(elementCount(image));
        let at = 0;
        for (let plane = 0; plane < batch * channels; plane++)
          for (let row = 0; row < rows; row++)
            for (let column = 0; column < columns; column++, at++) {
              const { elements, places } = windowAt(attributes, row, column, height, width);
              const start = plane * height * width;
              if (isMax) {
                const largest = firstLargest(x, start, elements);
                if (largest !== undefined) sums[largest]! += gradient[at]!;
              } else {
                const share = gradient[at]! / (attributes.countIncludePad ? places : elements.length);
                for (const element of elements) sums[start + element]! += share;
              }
            }
        store(sums, dx!, type);
      },
    };
  },
};

/** Positions in the image that a window covers, in row-major order, and how many it has in the padded image. */
function windowAt(
  { kernel, strides, dilations, pads }: KernelSpec<"poolGrad">["attributes"],
  row: number,
  column: number,
  height: number,
  width: number,
): { readonly elements: readonly number[]; readonly places: number } {
  const [top, left, bottom, right] = pads;
  const elements: number[] = [];
  let places = 0;
  for (let i = 0; i < kernel[0]; i++) {
    const h = row * strides[0] - top + i * dilations[0];
    if (h >= height + bottom) continue;
    for (let j = 0; j < kernel[1]; j++) {
      const w = column * strides[1] - left + j * dilations[1];
      if (w >= width + right) continue;
      places++;
      if (h >= 0 && h < height && w >= 0 && w < width) elements.push(h * width + w);
    }
  }
  return { elements, places };
}

/** NaN is larger than any number; of equal elements the first counts. */
function firstLargest(x: Numbers, start: number, elements: readonly number[]): number | undefined {
  let largest: number | undefined;
  for (const element of elements) {
    const at = start + element;
    if (Number.isNaN(x[at]!)) return at;
    if (largest === undefined || x[at]! > x[largest]!) largest = at;
  }
  return largest;
}
