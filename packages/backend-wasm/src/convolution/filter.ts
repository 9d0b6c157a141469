/** The gradient of a convolution's filters (assembly/filter-gradient.as). */
import type { ConvolutionAttributes, ConvolutionShapes } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { tapsOf } from "./correlation.ts";
import {
  behindPlanes,
  blockCount,
  type Planes,
  planPlanes,
  storePlanes,
  termOffsets,
  vectorOffsets,
  vectorsOf,
} from "./planes.ts";

type Attributes = Pick<ConvolutionAttributes, "kernel" | "strides" | "dilations" | "pads" | "groups">;

/** Outputs of a tile, and most of its terms. */
const TILE = 6;
const TERMS = 9;
/** Chunks of images that threads share, and most bytes of their sums. */
const CHUNKS = 12;
const SUM_BYTES = 1 << 24;

/** Undefined where a block does not fit. */
export function filterPlanes(
  { input, output }: ConvolutionShapes,
  attributes: Attributes,
): Planes | undefined {
  const [batch, channels, height, width] = input;
  const { strides, pads, groups } = attributes;
  const source = {
    ...{ batch, channels, height, width, groups, strides },
    ...{ pads: [pads[0], pads[1]] as const, rows: output[2], columns: output[3], taps: tapsOf(attributes) },
  };
  const vectorBytes = 16 * Math.min(TILE, output[1] / groups);
  return planPlanes(source, { vectorBytes, overlap: false, grid: false });
}

/** x and dy to dw. */
export function compileFilterGradient(
  context: Context,
  owned: Owned,
  planes: Planes,
  { filter, output }: ConvolutionShapes,
  attributes: Attributes,
): Run {
  const { groups } = attributes;
  const [channels, depth] = filter;
  const outputs = channels / groups;
  const terms = depth * filter[2] * filter[3];
  if (channels * terms === 0) return () => {};
  const offsets = termOffsets(planes, tapsOf(attributes));
  // Up to whole groups of terms, whose sums nobody reads.
  const line = (terms + TERMS) * 4;
  for (let i = 0; i < TERMS; i++) offsets.push(offsets.at(-1)!);
  const vectors = vectorOffsets(planes);
  const blocks = blockCount(planes);
  const chunks = Math.max(1, Math.min(CHUNKS, blocks, Math.floor(SUM_BYTES / (channels * line))));
  const tiles = Math.ceil(outputs / TILE);
  const sums = owned.workspace(chunks * channels * line);
  const [height, width] = planes.direct ? [1, output[2] * output[3]] : [output[2], output[3]];
  const record = owned.store(
    Int32Array.of(
      ...[storePlanes(owned, planes), behindPlanes(planes), groups, outputs, tiles],
      ...[vectors.length, owned.store(Int32Array.from(vectors))],
      ...[terms, owned.store(Int32Array.from(offsets))],
      ...[blocks, chunks, line, height, width],
    ),
  );
  const work = blocks * vectorsOf(planes) * 4 * channels * terms;
  return ([x, dy], [dw]) => {
    const to = sums();
    context.run("filterGradientF32", chunks * groups * tiles, work, x!, dy!, to, record);
    context.run("sumChunks", channels, chunks * channels * terms, to, dw!, chunks, channels, terms, line);
  };
}
