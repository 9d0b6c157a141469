/**
 * The arithmetic of Resize that depends on the geometry alone: for each output position along an axis, which input
 * positions count and how much. Done once in float64 for all backends, so that none picks another pixel.
 * Formulas: ONNX Resize (opset 19), `coordinate_transformation_mode`, `antialias`, `exclude_outside`.
 */

import type { ResizeAttributes } from "./ops/resize.ts";
import type { KernelSpec } from "./spec.ts";

/** Output element i of an axis is the sum over t of weights[i * taps + t] * input[indices[i * taps + t]]. */
export interface AxisTaps {
  readonly axis: number;
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
  /** 1 where the position lies outside of the input and takes the extrapolation value. */
  readonly outside: Uint8Array;
}

/** Taps of every axis whose elements change place; the others are copied. */
export function resizeTaps(spec: KernelSpec<"resize">): AxisTaps[] {
  return resizedAxes(spec).map((axis) => axisTaps(spec.attributes, axis));
}

/** Terms of the longest sum that makes one output element, if axes are summed one after the other. */
export function resizeTerms(spec: KernelSpec<"resize">): number {
  return resizedAxes(spec).reduce((terms, axis) => terms + tapCount(spec.attributes, axis), 0);
}

/** Geometry of an axis. */
interface Axis {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  /** The scale that was given; else it is output / input. */
  readonly scale: number | undefined;
  readonly roi: readonly [number, number];
}

function resizedAxes({ inputs, attributes }: KernelSpec<"resize">): Axis[] {
  const shape = inputs[0]?.shape ?? [];
  const cropped = attributes.coordinates === "tf_crop_and_resize";
  const axes = shape.map((input, axis): Axis => {
    const start = cropped ? (attributes.roi?.[axis] ?? 0) : 0;
    const end = cropped ? (attributes.roi?.[axis + shape.length] ?? 1) : 1;
    const scale = cropped ? undefined : attributes.scales?.[axis];
    return { axis, input, output: attributes.sizes[axis] ?? input, scale, roi: [start, end] };
  });
  return axes.filter(
    ({ input, output, scale = 1, roi }) => input !== output || scale !== 1 || roi[0] !== 0 || roi[1] !== 1,
  );
}

/** How much wider than one input element the kernel is: with antialias it covers all that shrinks into one output. */
function stretchOf({ mode, antialias }: ResizeAttributes, axis: Axis): number {
  return antialias && mode !== "nearest" ? Math.max(1, inputPosition(1, axis)) : 1;
}

function tapCount(attributes: ResizeAttributes, axis: Axis): number {
  if (attributes.mode === "nearest") return 1;
  const reach = attributes.mode === "linear" ? 1 : 2;
  return 2 * Math.ceil(reach * stretchOf(attributes, axis));
}

function axisTaps(attributes: ResizeAttributes, geometry: Axis): AxisTaps {
  const { axis, input, output } = geometry;
  const { mode, coordinates, excludeOutside = false } = attributes;
  const stretch = stretchOf(attributes, geometry);
  const taps = tapCount(attributes, geometry);
  const indices = new Int32Array(output * taps);
  const weights = new Float64Array(output * taps);
  const outside = new Uint8Array(output);
  const kernel = mode === "linear" ? triangle : keys(attributes.cubicA ?? -0.75);

  for (let i = 0; i < output; i++) {
    const x = sourceCoordinate(coordinates, i, geometry);
    if (coordinates === "tf_crop_and_resize" && (x < 0 || x > input - 1)) outside[i] = 1;
    if (mode === "nearest") {
      indices[i] = clamp(nearest(x, attributes.nearest ?? "round_prefer_floor"), input);
      weights[i] = 1;
      continue;
    }
    const first = Math.floor(x) - taps / 2 + 1;
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const position = first + t;
      // Positions beyond the edge repeat it, unless they are to be left out.
      const excluded = excludeOutside && (position < 0 || position >= input);
      const weight = excluded ? 0 : kernel((position - x) / stretch);
      indices[i * taps + t] = clamp(position, input);
      weights[i * taps + t] = weight;
      sum += weight;
    }
    // The weights of an unstretched, complete kernel sum to 1 as they are.
    if ((excludeOutside || stretch > 1) && sum !== 0)
      for (let t = i * taps; t < (i + 1) * taps; t++) weights[t]! /= sum;
  }
  return { axis, taps, indices, weights, outside };
}

/** Position in the input that lies at the same share of its length as `position` does in the output. */
function inputPosition(position: number, { input, output, scale }: Axis): number {
  // A quotient of integers is rounded once, so that what is an integer or a tie is one in float64, too.
  return scale === undefined ? (position * input) / output : position / scale;
}

/** Position in the input, in elements, of output element i. */
function sourceCoordinate(coordinates: ResizeAttributes["coordinates"], i: number, axis: Axis): number {
  const { input, output, scale, roi } = axis;
  // Not rounded to an integer where it follows from a scale.
  const length = scale === undefined ? output : scale * input;
  switch (coordinates) {
    case "half_pixel":
      return inputPosition(i + 0.5, axis) - 0.5;
    case "half_pixel_symmetric":
      // The middle of the image stays in the middle, also where the output's length was rounded. ONNX's formula is this
      // one, but counted from the edge.
      return (input - 1) / 2 + inputPosition(i - (output - 1) / 2, axis);
    case "pytorch_half_pixel":
      return output > 1 ? inputPosition(i + 0.5, axis) - 0.5 : 0;
    case "align_corners":
      return output > 1 ? (i * (input - 1)) / (length - 1) : 0;
    case "asymmetric":
      return inputPosition(i, axis);
    case "tf_crop_and_resize":
      return output > 1
        ? roi[0] * (input - 1) + (i * (roi[1] - roi[0]) * (input - 1)) / (output - 1)
        : 0.5 * (roi[0] + roi[1]) * (input - 1);
  }
}

function nearest(x: number, mode: NonNullable<ResizeAttributes["nearest"]>): number {
  switch (mode) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_floor":
      return Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
  }
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

/** Cubic convolution kernel (Keys 1981). */
function keys(a: number): (x: number) => number {
  return (x) => {
    const d = Math.abs(x);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  };
}

function clamp(position: number, length: number): number {
  return Math.min(length - 1, Math.max(0, position));
}
