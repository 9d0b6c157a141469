/** The definitions, element by element, as slowly and plainly as they can be said. */
import { dtypes, type Granularity, type IntegerName, roundHalfEven } from "../../src/index.ts";

/** Index of each element's group, from its coordinates. */
export function groupOfEach(shape: readonly number[], granularity: Granularity): number[] {
  const count = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, element) => {
    if (granularity.kind === "tensor") return 0;
    const coordinates: number[] = [];
    for (let axis = shape.length - 1, rest = element; axis >= 0; axis--) {
      coordinates.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    const axis = granularity.axis < 0 ? granularity.axis + shape.length : granularity.axis;
    if (granularity.kind === "channel") return coordinates[axis]!;
    const { size } = granularity;
    return shape.reduce((index, length, i) => {
      const blocked = i === axis;
      return (
        index * (blocked ? Math.ceil(length / size) : length) +
        (blocked ? Math.floor(coordinates[i]! / size) : coordinates[i]!)
      );
    }, 0);
  });
}

/** ONNX QuantizeLinear of one number. */
export function quantizeLinear(x: number, scale: number, zeroPoint: number, dtype: IntegerName): number {
  if (Number.isNaN(x)) return zeroPoint;
  const { min, max } = dtypes[dtype];
  return Math.min(Math.max(roundHalfEven(Math.fround(x / scale)) + zeroPoint, min), max) + 0;
}

/** ONNX DequantizeLinear of one code. */
export function dequantizeLinear(code: number, scale: number, zeroPoint: number): number {
  return Math.fround(Math.fround(code - zeroPoint) * scale);
}

/** Mean squared error of an affine mapping over raw data. */
export function affineMse(
  x: ArrayLike<number>,
  scale: number,
  zeroPoint: number,
  dtype: IntegerName,
): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const code = quantizeLinear(x[i]!, scale, zeroPoint, dtype);
    sum += (x[i]! - (code - zeroPoint) * scale) ** 2;
  }
  return sum / x.length;
}
