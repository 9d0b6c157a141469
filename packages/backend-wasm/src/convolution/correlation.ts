/**
 * The output of a convolution, and the gradient of its input: correlations of planes with filters (assembly/correlate.as). The
 * gradient reads the gradients of the output with the filters turned, and with strides each phase of them has filters of its own.
 */
import type { ConvolutionAttributes, ConvolutionShapes } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import {
  behindPlanes,
  blockCount,
  type Planes,
  planPlanes,
  type Source,
  storePlanes,
  termOffsets,
  vectorOffsets,
  vectorsOf,
} from "./planes.ts";

/** The taps of one phase of the result: where they read, and which elements of a filter they are. */
interface Phase {
  readonly taps: Source["taps"];
  readonly elements: readonly number[];
}

export interface Correlation {
  readonly planes: Planes;
  readonly groups: number;
  /** Of a group. */
  readonly outputs: number;
  readonly phases: readonly Phase[];
  /** Strides of the result that phases make up. */
  readonly strides: readonly [down: number, across: number];
  readonly height: number;
  readonly width: number;
  /** Results go through the memory of the thread: they come in phases, or have lines shorter than a vector. */
  readonly staged: boolean;
  /** Elements of the filters from one group, output and channel to the next. */
  readonly steps: readonly [group: number, output: number, channel: number];
}

type Attributes = Pick<ConvolutionAttributes, "kernel" | "strides" | "dilations" | "pads" | "groups">;

/** Outputs of a tile: rowsOfTile of assembly/tiling.as. */
const TILE = 6;

/** Taps of a filter as distances in an image, line by line. */
export function tapsOf({ kernel, dilations }: Attributes): [down: number, across: number][] {
  return Array.from({ length: kernel[0] * kernel[1] }, (_, i) => [
    Math.floor(i / kernel[1]) * dilations[0],
    (i % kernel[1]) * dilations[1],
  ]);
}

/** The convolution itself; undefined where a block of it does not fit. */
export function outputCorrelation(
  { input, filter, output }: ConvolutionShapes,
  attributes: Attributes,
): Correlation | undefined {
  const [batch, channels, height, width] = input;
  const { strides, pads, groups } = attributes;
  const taps = tapsOf(attributes);
  const [, , rows, columns] = output;
  return plan({
    source: {
      ...{ batch, channels, height, width, groups, strides, taps, rows, columns },
      pads: [pads[0], pads[1]],
    },
    groups,
    outputs: filter[0] / groups,
    phases: [{ taps, elements: taps.map((_, i) => i) }],
    ...{ strides: [1, 1], height: rows, width: columns },
    steps: [(filter[0] / groups) * filter[1] * taps.length, filter[1] * taps.length, taps.length],
  });
}

/** The gradient of the input; undefined where a block of it does not fit. */
export function inputCorrelation(
  { input, filter, output }: ConvolutionShapes,
  attributes: Attributes,
): Correlation | undefined {
  const { strides, pads, groups } = attributes;
  const [, , height, width] = input;
  const [batch, channels, fromHeight, fromWidth] = output;
  const taps = tapsOf(attributes);
  // Element h gets what tap i makes of row (h + pad - i) / stride, where that is whole: for all h of a phase of the strides
  // these are the same taps, and rows at the same distances.
  const phases = Array.from({ length: strides[0] * strides[1] }, (_, phase): Phase => {
    const element = [Math.floor(phase / strides[1]) + pads[0], (phase % strides[1]) + pads[1]] as const;
    const elements = [...taps.keys()].filter((i) =>
      strides.every((stride, axis) => (element[axis]! - taps[i]![axis]!) % stride === 0),
    );
    const distance = (i: number, axis: 0 | 1) => (element[axis] - taps[i]![axis]) / strides[axis];
    return { elements, taps: elements.map((i) => [distance(i, 0), distance(i, 1)]) };
  });
  const first = ([0, 1] as const).map((axis) =>
    Math.min(...phases.flatMap((phase) => phase.taps.map((tap) => tap[axis]))),
  ) as [number, number];
  const fromFirst = phases.map(({ elements, taps: distances }): Phase => {
    return { elements, taps: distances.map(([down, across]) => [down - first[0], across - first[1]]) };
  });
  const size = taps.length;
  return plan({
    source: {
      ...{ batch, channels, height: fromHeight, width: fromWidth, groups, strides: [1, 1] },
      pads: [-first[0], -first[1]],
      ...{ rows: Math.ceil(height / strides[0]), columns: Math.ceil(width / strides[1]) },
      taps: fromFirst.flatMap((phase) => phase.taps),
    },
    groups,
    outputs: filter[1],
    ...{ phases: fromFirst, strides, height, width },
    steps: [(filter[0] / groups) * filter[1] * size, size, filter[1] * size],
  });
}

function plan({
  source,
  ...rest
}: Omit<Correlation, "planes" | "staged"> & { readonly source: Source }): Correlation | undefined {
  const phased = rest.phases.length > 1;
  const rules = (staged: boolean) => ({
    vectorBytes: staged ? 16 * rest.phases.length * Math.min(TILE, rest.outputs) : 0,
    overlap: !staged,
    // Phases are merged by rows and columns.
    grid: staged,
  });
  if (!phased) {
    const planes = planPlanes(source, rules(false));
    if (planes !== undefined && planes.columns >= 4)
      return { ...rest, planes, ...imageSize(rest, planes), staged: false };
  }
  const planes = planPlanes(source, rules(true));
  return planes && { ...rest, planes, staged: true };
}

/** Of images that are taken as one line, so is the result. */
function imageSize({ height, width }: { readonly height: number; readonly width: number }, planes: Planes) {
  return planes.direct ? { height: 1, width: height * width } : { height, width };
}

/** x and filters to y. */
export function compileCorrelation(context: Context, owned: Owned, correlation: Correlation): Run {
  const { planes, groups, outputs, phases, strides, height, width, staged, steps } = correlation;
  const { batch, channels } = planes.source;
  if (batch * channels * groups * outputs * height * width === 0) return () => {};
  const depth = channels / groups;
  const vectors = vectorOffsets(planes);
  const stageLine = Math.ceil(planes.columns / 4) * 16;
  const stagePlane = vectors.length * 16;
  const places = staged ? vectors.map((_, i) => i * 16) : resultOffsets(correlation);
  const positions = [...vectors.keys()].flatMap((i) => [vectors[i]!, places[i]!]);
  // Up to whole groups of vectors.
  for (let i = 0; i < 3; i++) positions.push(...positions.slice(-2));
  let floats = 0;
  const filters = phases.map(({ taps, elements }) => {
    const at = floats * 4;
    const offsets = owned.store(Int32Array.from(termOffsets(planes, taps)));
    floats += groups * outputs * depth * taps.length;
    return { at, offsets, terms: depth * taps.length, elements: owned.store(Int32Array.from(elements)) };
  });
  const packed = owned.workspace(floats * 4);
  const tiles = Math.ceil(outputs / TILE);
  const record = owned.store(
    Int32Array.of(
      ...[storePlanes(owned, planes), behindPlanes(planes), groups, outputs, tiles],
      ...[vectors.length, owned.store(Int32Array.from(positions))],
      phases.length,
      owned.store(Int32Array.from(filters.flatMap(({ offsets, terms, at }) => [offsets, terms, at]))),
      ...[staged ? stagePlane : height * width * 4, staged ? 1 : 0, height, width],
      ...[...strides, stageLine],
    ),
  );
  const total = blockCount(planes) * groups * tiles;
  const terms = filters.reduce((sum, filter) => sum + filter.terms, 0);
  const work = blockCount(planes) * vectorsOf(planes) * 4 * groups * outputs * terms;
  return ([x, w], [y]) => {
    const to = packed();
    for (const { at, elements, terms } of filters)
      if (terms > 0)
        context.run(
          ...(["packFilters", groups * outputs, groups * outputs * terms * 4] as const),
          ...([w!, to + at, outputs, depth, elements, terms / depth, ...steps] as const),
        );
    context.run("correlateF32", total, work, x!, to, y!, record);
  };
}

/** Where the vectors of a block lie in the result, in bytes from its first. */
function resultOffsets({ planes, groups, outputs, height, width }: Correlation): number[] {
  const { images, rows, columns } = planes;
  const offsets: number[] = [];
  for (let image = 0; image < images; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column += 4) {
        const line = (image * groups * outputs * height + row) * width;
        offsets.push((line + Math.min(column, columns - 4)) * 4);
      }
  return offsets;
}
