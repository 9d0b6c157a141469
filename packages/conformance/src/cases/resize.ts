/** Cases of resize: every mode, coordinate transformation and rounding, growing and shrinking, and the edges. */
import { type ResizeAttributes, resizeCoordinates, resizeModes, resizeRoundings } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";
import { pairwise } from "./pairwise.ts";

interface Geometry {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Where the scales are not the ratios of the lengths, because lengths were rounded. */
  readonly scales?: readonly number[];
}

const geometries: readonly Geometry[] = [
  { from: [7], to: [12] },
  { from: [1, 2, 4, 5], to: [1, 2, 8, 10] },
  { from: [1, 1, 6, 8], to: [1, 1, 3, 4] },
  { from: [2, 1, 5, 4], to: [2, 1, 3, 9] },
  { from: [1, 3, 3, 2], to: [1, 5, 4, 2] },
  { from: [1, 1, 5, 3], to: [1, 1, 1, 1] },
  { from: [1, 1, 1, 2], to: [1, 1, 3, 7] },
  { from: [4, 6], to: [6, 9], scales: [1.6, 1.55] },
  { from: [9, 5], to: [3, 3], scales: [0.4, 0.65] },
];

function resized(
  name: string,
  dtype: DType,
  { from, to, scales }: Geometry,
  attributes: Omit<ResizeAttributes, "sizes">,
  data: CaseData = {},
): Case {
  const { mode, coordinates } = attributes;
  return defineCase(
    `resize/${mode}/${coordinates}/${dtype}/${name}${shapeName(from)}to${shapeName(to)}${scales === undefined ? "" : "-scaled"}`,
    {
      op: "resize",
      inputs: [shaped(dtype, ...from)],
      attributes: { ...attributes, sizes: to, ...(scales === undefined ? {} : { scales }) },
    },
    data,
  );
}

/** A region that begins inside of the last two axes and ends beyond them. */
function roi({ from }: Geometry): number[] {
  const inner = (axis: number) => axis >= from.length - 2;
  return [
    ...from.map((_, axis) => (inner(axis) ? 0.25 : 0)),
    ...from.map((_, axis) => (inner(axis) ? 1.2 : 1)),
  ];
}

const line = (from: number, to: number): Geometry => ({ from: [from], to: [to] });

export const resize: readonly Case[] = [
  ...pairwise(
    {
      mode: resizeModes,
      coordinates: resizeCoordinates,
      geometry: geometries,
      nearest: [undefined, ...resizeRoundings],
      excludeOutside: [false, true],
      antialias: [false, true],
      dtype: [...floats, "int8", "uint8", "int32"] as const,
    },
    ({ mode, coordinates, nearest, excludeOutside, antialias, dtype }) =>
      (mode === "nearest"
        ? !excludeOutside && !antialias
        : nearest === undefined && floats.some((name) => name === dtype)) &&
      (mode === "cubic" || !excludeOutside) &&
      (coordinates !== "tf_crop_and_resize" || (!excludeOutside && !antialias)),
  ).map(({ mode, coordinates, geometry, nearest, excludeOutside, antialias, dtype }) =>
    resized(
      [nearest, excludeOutside ? "exclude-outside" : "", antialias ? "antialias" : ""]
        .filter(Boolean)
        .map((part) => `${part}/`)
        .join(""),
      dtype,
      geometry,
      {
        mode,
        coordinates,
        ...(nearest === undefined ? {} : { nearest }),
        ...(excludeOutside ? { excludeOutside } : {}),
        ...(antialias ? { antialias } : {}),
        ...(coordinates === "tf_crop_and_resize" ? { roi: roi(geometry), extrapolation: 7 } : {}),
      },
    ),
  ),
  resized("default-extrapolation/", "float32", line(4, 6), {
    mode: "linear",
    coordinates: "tf_crop_and_resize",
    roi: [-0.5, 1.5],
  }),
  resized("a-0.5/", "float32", line(4, 9), { mode: "cubic", coordinates: "half_pixel", cubicA: -0.5 }),
  resized(
    "by-hand/",
    "float32",
    line(2, 4),
    { mode: "linear", coordinates: "half_pixel" },
    {
      inputs: [values(0, 4)],
      expected: [[0, 1, 3, 4]],
    },
  ),
  resized(
    "by-hand/",
    "float32",
    line(2, 4),
    { mode: "linear", coordinates: "asymmetric" },
    {
      inputs: [values(0, 4)],
      expected: [[0, 2, 4, 4]],
    },
  ),
  resized(
    "by-hand/",
    "float32",
    line(2, 5),
    { mode: "linear", coordinates: "align_corners" },
    {
      inputs: [values(0, 4)],
      expected: [[0, 1, 2, 3, 4]],
    },
  ),
  resized(
    "by-hand/",
    "float32",
    line(4, 2),
    { mode: "linear", coordinates: "half_pixel" },
    {
      inputs: [values(0, 2, 4, 6)],
      expected: [[1, 5]],
    },
  ),
  // Shrunk to half with a triangle of twice the width, (1, 3, 3, 1) / 8; beyond the ends the edges repeat.
  resized(
    "by-hand/antialias/",
    "float32",
    line(4, 2),
    { mode: "linear", coordinates: "half_pixel", antialias: true },
    {
      inputs: [values(8, 16, 24, 32)],
      expected: [[(4 * 8 + 3 * 16 + 24) / 8, (16 + 3 * 24 + 4 * 32) / 8]],
    },
  ),
  resized(
    "by-hand/",
    "float32",
    line(3, 6),
    { mode: "nearest", coordinates: "asymmetric", nearest: "floor" },
    {
      inputs: [values(1, 2, 3)],
      expected: [[1, 1, 2, 2, 3, 3]],
    },
  ),
  // Positions 0.5, 1.5: between two elements.
  resized(
    "by-hand/round_prefer_floor/",
    "int8",
    line(4, 2),
    { mode: "nearest", coordinates: "half_pixel" },
    {
      inputs: [values(1, 2, 3, 4)],
      expected: [[1, 3]],
    },
  ),
  resized(
    "by-hand/round_prefer_ceil/",
    "int8",
    line(4, 2),
    { mode: "nearest", coordinates: "half_pixel", nearest: "round_prefer_ceil" },
    {
      inputs: [values(1, 2, 3, 4)],
      expected: [[2, 4]],
    },
  ),
  resized(
    "by-hand/nan/",
    "float32",
    line(2, 4),
    { mode: "nearest", coordinates: "asymmetric", nearest: "floor" },
    {
      inputs: [values(Number.NaN, Number.NEGATIVE_INFINITY)],
      expected: [[Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    },
  ),
];
