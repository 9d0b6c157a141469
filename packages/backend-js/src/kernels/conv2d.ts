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
    const shape = imageShape({ batch: image.batch, channels, height, width }, layout);
    const type = { dtype: attributes.output, shape };
    const to = imageLayout(shape, layout);
    const depth = conv2dDepth(spec);
    const weighted = prepareWeighted(spec, weights, channels, depth);
    const inputsOfGroup = image.channels / groups;
    const filtersOfGroup = channels / groups;
    const gather = windowGatherer(image, inputsOfGroup, attributes);
    return {
      bytes: weighted.bytes,
      run([x], [y]) {
        const activations = weighted.activations(x!);
        const window = { ...activations, values: new Float64Array(depth) };
        const out = results(y!, type);
        for (let n = 0; n < image.batch; n++)
          for (let group = 0; group < groups; group++) {
            const from = n * image.batchStride + group * inputsOfGroup * image.channelStride;
            const first = group * filtersOfGroup;
            for (let row = 0; row < height; row++)
              for (let column = 0; column < width; column++) {
                gather(activations.values, from, row, column, window.values);
                const at = n * to.batchStride + row * to.rowStride + column * to.columnStride;
                for (let channel = first; channel < first + filtersOfGroup; channel++)
                  out[at + channel * to.channelStride] = weighted.output(window, 0, channel);
              }
          }
        store(out, y!, type);
      },
    };
  },
};

type Gather = (values: Float64Array, from: number, row: number, column: number, window: Float64Array) => void;

/** Copies the window of an output position, of the `channels` channels that start at `from`. Padding is 0. */
function windowGatherer(image: ImageLayout, channels: number, attributes: WindowAttributes): Gather {
  const { channelStride, rowStride, columnStride, height, width } = image;
  const [kernelHeight, kernelWidth] = attributes.kernel;
  const [strideDown, strideAcross] = attributes.strides;
  const [dilationDown, dilationAcross] = attributes.dilations;
  const [padTop, padLeft] = attributes.pads;
  return (values, from, row, column, window) => {
    const top = row * strideDown - padTop;
    const left = column * strideAcross - padLeft;
    for (let channel = 0, at = 0; channel < channels; channel++)
      for (let i = 0; i < kernelHeight; i++) {
        const h = top + i * dilationDown;
        const line = from + channel * channelStride + h * rowStride;
        for (let j = 0; j < kernelWidth; j++, at++) {
          const w = left + j * dilationAcross;
          window[at] = h < 0 || h >= height || w < 0 || w >= width ? 0 : values[line + w * columnStride]!;
        }
      }
  };
}
