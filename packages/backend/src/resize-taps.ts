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
  readonly weights: Float32Array;
  /** 1 where the position lies outside of the input and takes the extrapolation value. */
  readonly outside: Uint8Array;
}

/** Taps of every axis whose elements change place; the others are copied. */
export function resizeTaps(spec: KernelSpec<"resize">): AxisTaps[] {
  const shape = spec.inputs[0]?.shape ?? [];
  const { attributes } = spec;
  return shape.flatMap((input, axis) => {
    const output = attributes.sizes[axis] ?? input;
    const scale = attributes.scales?.[axis] ?? output / input;
    const cropped = attributes.coordinates === "tf_crop_and_resize";
    const roi: readonly [number, number] = cropped
      ? [attributes.roi?.[axis] ?? 0, attributes.roi?.[axis + shape.length] ?? 1]
      : [0, 1];
    const unchanged = input === output && scale === 1 && roi[0] === 0 && roi[1] === 1;
    return unchanged ? [] : [axisTaps(attributes, axis, { input, output, scale, roi })];
  });
}

interface Axis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  readonly roi: readonly [number, number];
}

function axisTaps(attributes: ResizeAttributes, axis: number, geometry: Axis): AxisTaps {
  const { input, output, scale } = geometry;
  const { mode, antialias = false, excludeOutside = false } = attributes;
  // With antialias the kernel is stretched by 1 / scale when shrinking.
  const stretch = antialias && mode !== "nearest" ? Math.max(1, 1 / scale) : 1;
  const reach = mode === "nearest" ? 0 : (mode === "linear" ? 1 : 2) * stretch;
  const taps = mode === "nearest" ? 1 : 2 * Math.ceil(reach);
  const indices = new Int32Array(output * taps);
  const weights = new Float32Array(output * taps);
  const outside = new Uint8Array(output);
  const kernel = mode === "linear" ? triangle : keys(attributes.cubicA ?? -0.75);

  for (let i = 0; i < output; i++) {
    const x = sourceCoordinate(attributes, i, geometry);
    if (attributes.coordinates === "tf_crop_and_resize" && (x < 0 || x > input - 1)) outside[i] = 1;
    if (mode === "nearest") {
      indices[i] = clamp(nearest(x, attributes.nearest ?? "round_prefer_floor"), input);
      weights[i] = 1;
      continue;
    }
    const first = Math.floor(x) - Math.ceil(reach) + 1;
    const row: number[] = [];
    for (let t = 0; t < taps; t++) {
      const position = first + t;
      const excluded = (excludeOutside || stretch > 1) && (position < 0 || position >= input);
      row.push(excluded ? 0 : kernel((position - x) / stretch));
      indices[i * taps + t] = clamp(position, input);
    }
    const sum = row.reduce((total, weight) => total + weight, 0);
    const normalize = excludeOutside || stretch > 1 ? sum : 1;
    for (const [t, weight] of row.entries()) weights[i * taps + t] = weight / normalize;
  }
  return { axis, taps, indices, weights, outside };
}

/** Position in the input, in elements, of output element i. */
function sourceCoordinate(
  { coordinates }: ResizeAttributes,
  i: number,
  { input, output, scale, roi }: Axis,
): number {
  switch (coordinates) {
    case "half_pixel":
      return (i + 0.5) / scale - 0.5;
    case "half_pixel_symmetric": {
      // Where the output length was rounded, keep the middle of the image in the middle.
      const adjustment = output / (scale * input);
      const center = input / 2;
      return center * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case "pytorch_half_pixel":
      return output > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "align_corners":
      return output === 1 ? 0 : (i * (input - 1)) / (output - 1);
    case "asymmetric":
      return i / scale;
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
