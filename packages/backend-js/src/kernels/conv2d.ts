/** conv2d: every window of an image, laid out as a row like the filters, with the filters of its group. */
import {
  conv2dDepth,
  type ImageLayout,
  imageLayout,
  imageShape,
  type WindowAttributes,
  windowOutput,
} from "@bitbudget/backend";
import { results, store } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { prepareWeighted, weightedRows } from "./weighted.ts";

export const conv2d: JsKernel<"conv2d"> = {
  rows: weightedRows(["dynamic uint8"]),

  prepare(_, spec, weights) {
    const { attributes } = spec;
    const { channels, groups, layout } = attributes;
    const { image, height, width } = windowOutput(spec, spec.inputs[0]!);
    const type = {
      dtype: attributes.output,
      shape: imageShape({ batch: image.batch, channels, height, width }, layout),
    };
    const to = imageLayout(type.shape, layout);
    const depth = conv2dDepth(spec);
    const weighted = prepareWeighted(spec, weights, channels, depth);
    const inputsOfGroup = image.channels / groups;
    const filtersOfGroup = channels / groups;
    return {
      bytes: weighted.bytes,
      run([x], [y]) {
        const activations = weighted.activations(x!);
        const window = { ...activations, values: new Float64Array(depth) };
        const out = results(y!, type);
        for (let n = 0; n < image.batch; n++)
          for (let row = 0; row < height; row++)
            for (let column = 0; column < width; column++)
              for (let group = 0; group < groups; group++) {
                const first = n * image.batchStride + group * inputsOfGroup * image.channelStride;
                gather(
                  activations.values,
                  first,
                  inputsOfGroup,
                  image,
                  row,
                  column,
                  attributes,
                  window.values,
                );
                for (let filter = 0; filter < filtersOfGroup; filter++) {
                  const channel = group * filtersOfGroup + filter;
                  const at =
                    n * to.batchStride +
                    channel * to.channelStride +
                    row * to.rowStride +
                    column * to.columnStride;
                  out[at] = weighted.output(window, 0, channel);
                }
              }
        store(out, y!, type);
      },
    };
  },
};

/** Copies one window of some channels, the first of which starts at `first`. Padding is 0. */
function gather(
  values: Float64Array,
  first: number,
  channels: number,
  image: ImageLayout,
  row: number,
  column: number,
  { kernel, strides, dilations, pads }: WindowAttributes,
  window: Float64Array,
): void {
  const top = row * strides[0] - pads[0];
  const left = column * strides[1] - pads[1];
  let at = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let i = 0; i < kernel[0]; i++) {
      const h = top + i * dilations[0];
      const line = first + channel * image.channelStride + h * image.rowStride;
      const padded = h < 0 || h >= image.height;
      for (let j = 0; j < kernel[1]; j++) {
        const w = left + j * dilations[1];
        window[at++] = padded || w < 0 || w >= image.width ? 0 : values[line + w * image.columnStride]!;
      }
    }
}
