/** Rearranging numbers outside of what is timed: layouts, transposition, codes to real numbers. */
import type { Layout } from "@bitbudget/backend";

type Numbers = Float32Array | Int8Array | Uint8Array;

export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** An image with channels first, in the layout asked for. */
export function inLayout<A extends Numbers>(image: A, shape: ImageShape, layout: Layout): A {
  const { channels, height, width } = shape;
  return layout === "nchw" ? image : transposed(image, channels, height * width);
}

/** An image with channels first, from one in a layout. */
export function fromLayout<A extends Numbers>(image: A, shape: ImageShape, layout: Layout): A {
  const { channels, height, width } = shape;
  return layout === "nchw" ? image : transposed(image, height * width, channels);
}

/** Shape of a batch of one. */
export function shapeIn({ channels, height, width }: ImageShape, layout: Layout): number[] {
  return layout === "nchw" ? [1, channels, height, width] : [1, height, width, channels];
}

/** [rows, columns] as [columns, rows]. */
export function transposed<A extends Numbers>(matrix: A, rows: number, columns: number): A {
  const result = matrix.slice() as A;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = matrix[row * columns + column]!;
  return result;
}

/** (code - zero point) * scale, with a scale for each `run` of consecutive codes. */
export function decoded(
  codes: ArrayLike<number>,
  scales: ArrayLike<number>,
  run: number,
  zeroPoint = 0,
): Float32Array {
  return Float32Array.from(codes, (code, i) => (code - zeroPoint) * scales[Math.floor(i / run)]!);
}
