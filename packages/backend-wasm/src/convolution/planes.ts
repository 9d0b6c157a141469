/**
 * Images as planes (assembly/planes.as): padded, and split into the phases of the strides, block by block of positions, so
 * that what a tap of a filter reads for all positions of a block lies at one distance from them.
 */
import { SCRATCH_BYTES } from "../context.ts";
import type { Owned } from "../memory/owned.ts";

/** Images [batch, channels, height, width], and the positions that windows over them have. */
export interface Source {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly groups: number;
  readonly strides: readonly [down: number, across: number];
  /** Top and left. Negative: the first window begins inside of the image. */
  readonly pads: readonly [top: number, left: number];
  /** Rows and columns of positions. */
  readonly rows: number;
  readonly columns: number;
  /** From where taps read, relative to a position, in elements of the image: down and across, none negative. */
  readonly taps: readonly (readonly [down: number, across: number])[];
}

/** How blocks of positions may lie. */
export interface BlockRules {
  /** Bytes that are needed beside the planes for each vector of a block. */
  readonly vectorBytes: number;
  /** Whether the last blocks may overlap those before them. Else they reach beyond the positions, into zeros. */
  readonly overlap: boolean;
  /** Whether rows and columns count: then an image is not taken as one line, where it could be. */
  readonly grid: boolean;
}

export interface Planes {
  readonly source: Source;
  /** The images are planes as they lie: each tap of each window is one element of a line. */
  readonly direct: boolean;
  /** Images, rows and columns of a block, whose lines are made up of vectors of 4. */
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly blocks: readonly [images: number, down: number, across: number];
  readonly overlap: boolean;
  /** Phases of the strides that taps read. */
  readonly phases: readonly (readonly [down: number, across: number])[];
  /** Of a plane: the rows and columns that have data, bytes of a line and of the whole. */
  readonly planeRows: number;
  readonly planeColumns: number;
  readonly line: number;
  readonly plane: number;
  /** Bytes of all planes of a block. */
  readonly bytes: number;
}

/** Positions of a block: enough to make little of what is done once for each, few enough to keep its planes in the cache. */
const POSITIONS = 1024;
const PLANE_BYTES = 1 << 18;
/** Of the memory of a thread: the first bytes are for others, and vectors run over the end of the planes. */
const RESERVED = 256;
const SLACK = 256;

/** The largest blocks that fit into the memory of a thread, or undefined where not even small ones do. */
export function planPlanes(source: Source, { vectorBytes, overlap, grid }: BlockRules): Planes | undefined {
  const direct = !grid && isLine(source, overlap);
  const whole = direct ? asLine(source) : source;
  const { batch, rows, columns } = whole;
  const area = rows * columns;
  let block = {
    images: area > POSITIONS / 2 ? 1 : evenly(batch, POSITIONS / area),
    rows: evenly(rows, POSITIONS / columns),
    columns: columns <= POSITIONS ? columns : vectors(evenly(columns, POSITIONS)) * 4,
  };
  for (;;) {
    const planes = layOut(whole, direct, overlap, block);
    const needed = planes.bytes + vectorBytes * vectorsOf(planes);
    if (planes.bytes <= PLANE_BYTES && needed <= SCRATCH_BYTES - 1024) return planes;
    const smaller = shrink(block);
    if (smaller === undefined) return undefined;
    block = smaller;
  }
}

type Block = Pick<Planes, "images" | "rows" | "columns">;

function shrink({ images, rows, columns }: Block): Block | undefined {
  if (images > 1) return { images: Math.ceil(images / 2), rows, columns };
  if (rows > 1) return { images, rows: Math.ceil(rows / 2), columns };
  if (columns > 8) return { images, rows, columns: vectors(columns / 2) * 4 };
  return undefined;
}

/** A part of `total` of at most `most`, so that the parts are about equal. */
function evenly(total: number, most: number): number {
  return Math.max(1, Math.ceil(total / Math.ceil(total / Math.max(1, Math.floor(most)))));
}

function vectors(columns: number): number {
  return Math.ceil(columns / 4);
}

/** Whether each window is one element, and these lie one after the other. */
function isLine(source: Source, overlap: boolean): boolean {
  const { height, width, rows, columns, strides, pads, taps } = source;
  const plain = strides.every((stride) => stride === 1) && pads.every((pad) => pad === 0);
  // What lies behind a line is not zero, as it has to be unless vectors end with the line.
  const even = overlap ? width * height >= 4 : (width * height) % 4 === 0;
  return plain && even && rows === height && columns === width && taps.length === 1;
}

function asLine(source: Source): Source {
  const area = source.height * source.width;
  return { ...source, height: 1, width: area, rows: 1, columns: area };
}

function layOut(source: Source, direct: boolean, overlap: boolean, block: Block): Planes {
  const { batch, channels, groups, taps, height, width } = source;
  const [down, across] = source.strides;
  const phases = new Map(
    taps.map(([i, j]) => [`${i % down},${j % across}`, [i % down, j % across] as const]),
  );
  const halo = [0, 1].map((axis) =>
    Math.max(0, ...taps.map((tap) => Math.floor(tap[axis]! / source.strides[axis]!))),
  );
  const planeRows = block.rows + halo[0]!;
  const planeColumns = block.columns + halo[1]!;
  const line = direct ? width * 4 : (vectors(block.columns) * 4 + halo[1]!) * 4;
  const plane = direct ? height * width * 4 : planeRows * line;
  const bytes = direct ? 0 : (block.images * channels * phases.size * plane) / groups;
  return {
    source,
    direct,
    ...block,
    blocks: [
      Math.ceil(Math.max(1, batch) / block.images),
      Math.ceil(source.rows / block.rows),
      Math.ceil(source.columns / block.columns),
    ],
    overlap,
    phases: [...phases.values()],
    ...{ planeRows, planeColumns, line, plane, bytes },
  };
}

export function blockCount({ blocks }: Planes): number {
  return blocks.reduce((product, count) => product * count, 1);
}

/** Vectors of a block. */
export function vectorsOf({ images, rows, columns }: Block): number {
  return images * rows * vectors(columns);
}

/** Offset in the memory of a thread of what lies behind the planes. */
export function behindPlanes({ bytes }: Planes): number {
  return RESERVED + Math.ceil((bytes + SLACK) / 64) * 64;
}

/** Bytes from an image's planes to those of the next in a block. */
function imageStep({ direct, source, phases, plane }: Planes): number {
  return ((source.channels * phases.length) / (direct ? 1 : source.groups)) * plane;
}

/**
 * Where the vectors of a block lie in its planes, in bytes. Where blocks may overlap, the last vector of a line overlaps the one
 * before it, unless lines are shorter than one.
 */
export function vectorOffsets(planes: Planes): number[] {
  const { images, rows, columns, line, overlap } = planes;
  const last = overlap ? Math.max(columns - 4, 0) : columns;
  const offsets: number[] = [];
  for (let image = 0; image < images; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column += 4)
        offsets.push(image * imageStep(planes) + row * line + Math.min(column, last) * 4);
  return offsets;
}

/** Distances of the terms of a sum in bytes: those of the given taps, channel by channel of a group. */
export function termOffsets(planes: Planes, taps: Source["taps"]): number[] {
  const { source, phases, line, plane } = planes;
  const [down, across] = source.strides;
  const ofTaps = taps.map(([i, j]) => {
    const phase = phases.findIndex(([a, b]) => a === i % down && b === j % across);
    return phase * plane + Math.floor(i / down) * line + Math.floor(j / across) * 4;
  });
  const channels = Array.from({ length: source.channels / source.groups }, (_, channel) => channel);
  return channels.flatMap((channel) => ofTaps.map((offset) => channel * phases.length * plane + offset));
}

/** The record that assembly/planes.as reads. */
export function storePlanes(owned: Owned, planes: Planes): number {
  const { source, images, rows, columns, blocks, phases, overlap } = planes;
  const last = (total: number, part: number, count: number) =>
    overlap ? Math.max(total - part, 0) : part * (count - 1);
  return owned.store(
    Int32Array.of(
      ...[source.batch, source.channels, source.height, source.width],
      ...[...source.strides, ...source.pads],
      source.channels / source.groups,
      ...[phases.length, owned.store(Int32Array.from(phases.flat()))],
      ...[images, planes.planeRows, planes.planeColumns, planes.line, planes.plane],
      ...[blocks[1], blocks[2], rows, columns],
      last(source.batch, images, blocks[0]),
      last(source.rows, rows, blocks[1]),
      last(source.columns, columns, blocks[2]),
      planes.direct ? 1 : 0,
    ),
  );
}
