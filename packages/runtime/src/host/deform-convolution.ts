/**
 * Deformable convolution (Dai et al. 2017; with a mask, Zhu et al. 2019) over any number of axes: every tap of the window
 * is moved by an offset of its own, and reads the image there by linear interpolation, with zeros around it.
 */
import { elementCount, strides as stridesOf } from "@bitbudget/core";
import { type ConvolutionShape, indicesOf } from "./convolution.ts";

export interface DeformInputs {
  readonly x: Float64Array;
  readonly w: Float64Array;
  /** [batch, offset groups, taps, axes, ...counts] */
  readonly offset: Float64Array;
  /** [filters] */
  readonly bias: Float64Array | undefined;
  /** [batch, offset groups, taps, ...counts] */
  readonly mask: Float64Array | undefined;
}

/** [batch, filters, ...counts] (ONNX DeformConv). */
export function deformConvolve(
  { x, w, offset, bias, mask }: DeformInputs,
  { input, filter, groups, strides, dilations, before, counts }: ConvolutionShape,
  offsetGroups: number,
): Float64Array {
  const [batch = 0, channels = 0, ...spatial] = input;
  const [filters = 0, perGroup = 0, ...window] = filter;
  const taps = indicesOf(window);
  const places = indicesOf(counts);
  const image = elementCount(spatial);
  const axes = spatial.length;
  const filtersOfGroup = filters / groups;
  const channelsOfOffset = channels / offsetGroups;
  const out = new Float64Array(batch * filters * places.length);
  const position = new Float64Array(axes);
  for (let n = 0; n < batch; n++)
    for (const [p, place] of places.entries())
      for (let channel = 0; channel < channels; channel++) {
        const offsets = n * offsetGroups + Math.floor(channel / channelsOfOffset);
        const group = Math.floor(channel / perGroup);
        for (const [t, tap] of taps.entries()) {
          const moved = offsets * taps.length + t;
          for (let axis = 0; axis < axes; axis++)
            position[axis] =
              place[axis]! * strides[axis]! -
              before[axis]! +
              tap[axis]! * dilations[axis]! +
              offset[(moved * axes + axis) * places.length + p]!;
          const weight = mask?.[moved * places.length + p] ?? 1;
          const value = weight * sample(x, (n * channels + channel) * image, spatial, position);
          for (let f = group * filtersOfGroup; f < (group + 1) * filtersOfGroup; f++)
            out[(n * filters + f) * places.length + p]! +=
              value * w[(f * perGroup + (channel % perGroup)) * taps.length + t]!;
        }
      }
  if (bias !== undefined)
    for (let i = 0; i < out.length; i++) out[i]! += bias[Math.floor(i / places.length) % filters]!;
  return out;
}

/** The image at a position between its elements: the 2^axes elements around, weighted by nearness; outside are zeros. */
function sample(x: Float64Array, start: number, spatial: readonly number[], position: Float64Array): number {
  const steps = stridesOf(spatial);
  let sum = 0;
  for (let corner = 0; corner < 2 ** spatial.length; corner++) {
    let at = start;
    let nearness = 1;
    for (let axis = 0; axis < spatial.length && nearness !== 0; axis++) {
      const low = Math.floor(position[axis]!);
      const index = low + ((corner >> axis) & 1);
      const inside = index >= 0 && index < spatial[axis]!;
      nearness *= inside ? 1 - Math.abs(position[axis]! - index) : 0;
      at += index * steps[axis]!;
    }
    if (nearness !== 0) sum += nearness * x[at]!;
  }
  return sum;
}
