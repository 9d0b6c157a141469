/** Pooling over regions of interest: RoiAlign (He et al. 2017, "Mask R-CNN") and MaxRoiPool (Girshick 2015, "Fast R-CNN"). */

export interface RoiOptions {
  /** Height and width of the result of a region. */
  readonly size: readonly [number, number];
  /** From the coordinates of the regions to those of the image. */
  readonly scale: number;
}

export interface RoiAlignOptions extends RoiOptions {
  /** Samples along each side of a bin; 0: as many as it has elements. */
  readonly samplingRatio: number;
  /** Whether coordinates mean the corners of elements, half an element from their centres. */
  readonly halfPixel: boolean;
  readonly mode: "avg" | "max";
}

type Numbers = ArrayLike<number>;

/** @param shape of the images: batch, channels, height, width  @param rois x1, y1, x2, y2 of each region */
export function roiAlign(
  images: Numbers,
  shape: readonly number[],
  rois: Numbers,
  batchOf: Numbers,
  { size: [rows, columns], scale, samplingRatio, halfPixel, mode }: RoiAlignOptions,
): Float64Array {
  const [, channels = 0, height = 0, width = 0] = shape;
  const out = new Float64Array(batchOf.length * channels * rows * columns);
  const offset = halfPixel ? 0.5 : 0;
  for (let region = 0; region < batchOf.length; region++) {
    const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => rois[region * 4 + i]! * scale - offset);
    // Without half pixels a region is at least one element large.
    const least = halfPixel ? Number.NEGATIVE_INFINITY : 1;
    const binHeight = Math.max(y2! - y1!, least) / rows;
    const binWidth = Math.max(x2! - x1!, least) / columns;
    const samplesY = samplingRatio > 0 ? samplingRatio : Math.ceil(binHeight);
    const samplesX = samplingRatio > 0 ? samplingRatio : Math.ceil(binWidth);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const samples: Corner[] = [];
        for (let i = 0; i < samplesY; i++)
          for (let k = 0; k < samplesX; k++) {
            const y = y1! + (row + (i + 0.5) / samplesY) * binHeight;
            const x = x1! + (column + (k + 0.5) / samplesX) * binWidth;
            samples.push(...corners(y, x, height, width));
          }
        for (let c = 0; c < channels; c++) {
          const start = (batchOf[region]! * channels + c) * height * width;
          const value = mode === "max" ? largest(images, start, samples) : mean(images, start, samples);
          out[((region * channels + c) * rows + row) * columns + column] = value;
        }
      }
  }
  return out;
}

/** Every sample has four corners, whose weights sum to 1. */
function mean(images: Numbers, start: number, corners: readonly Corner[]): number {
  let sum = 0;
  for (const { at, weight } of corners) sum += weight * images[start + at]!;
  return sum / Math.max(1, corners.length / 4);
}

/** As ONNX's reference implementation and onnxruntime have it, the largest of the weighted corners. */
function largest(images: Numbers, start: number, corners: readonly Corner[]): number {
  let best = corners.length === 0 ? 0 : Number.NEGATIVE_INFINITY;
  for (const { at, weight } of corners) best = Math.max(best, weight * images[start + at]!);
  return best;
}

interface Corner {
  readonly at: number;
  readonly weight: number;
}

/** The four elements around a position, with their bilinear weights, which are 0 where the position lies outside. */
function corners(y: number, x: number, height: number, width: number): Corner[] {
  if (y < -1 || y > height || x < -1 || x > width) return [0, 0, 0, 0].map((at) => ({ at, weight: 0 }));
  const [top, bottom, down] = neighbours(y, height);
  const [left, right, across] = neighbours(x, width);
  return [
    { at: top * width + left, weight: (1 - down) * (1 - across) },
    { at: top * width + right, weight: (1 - down) * across },
    { at: bottom * width + left, weight: down * (1 - across) },
    { at: bottom * width + right, weight: down * across },
  ];
}

function neighbours(position: number, length: number): [before: number, after: number, share: number] {
  const clamped = Math.min(Math.max(position, 0), length - 1);
  const before = Math.floor(clamped);
  return [before, Math.min(before + 1, length - 1), clamped - before];
}

/** @param rois batch, x1, y1, x2, y2 of each region; corners are rounded, and both belong to it */
export function maxRoiPool(
  images: Numbers,
  shape: readonly number[],
  rois: Numbers,
  { size: [rows, columns], scale }: RoiOptions,
): Float64Array {
  const [, channels = 0, height = 0, width = 0] = shape;
  const regions = rois.length / 5;
  const out = new Float64Array(regions * channels * rows * columns);
  const round = (x: number) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
  const clamp = (x: number, most: number) => Math.min(Math.max(x, 0), most);
  for (let region = 0; region < regions; region++) {
    const batch = rois[region * 5]!;
    const [x1, y1, x2, y2] = [1, 2, 3, 4].map((i) => round(rois[region * 5 + i]! * scale));
    const binHeight = Math.max(y2! - y1! + 1, 1) / rows;
    const binWidth = Math.max(x2! - x1! + 1, 1) / columns;
    for (let c = 0; c < channels; c++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const top = clamp(Math.floor(row * binHeight) + y1!, height);
          const bottom = clamp(Math.ceil((row + 1) * binHeight) + y1!, height);
          const left = clamp(Math.floor(column * binWidth) + x1!, width);
          const right = clamp(Math.ceil((column + 1) * binWidth) + x1!, width);
          const start = (batch * channels + c) * height * width;
          let best = Number.NEGATIVE_INFINITY;
          for (let y = top; y < bottom; y++)
            for (let x = left; x < right; x++) best = Math.max(best, images[start + y * width + x]!);
          const isEmpty = bottom <= top || right <= left;
          out[((region * channels + c) * rows + row) * columns + column] = isEmpty ? 0 : best;
        }
  }
  return out;
}
