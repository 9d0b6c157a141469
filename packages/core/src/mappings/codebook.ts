/** Fitting a k-means codebook to a tensor: what is to be small is the error of the values, not of what the scale made of them. */
import { forEachRun, type Groups } from "../groups.ts";
import { kmeans } from "./kmeans.ts";

/** Up to so many elements are clustered as they are; more are first put into as many bins, each as heavy as its content. */
const POINTS = 4096;

/** The `length` values in [-1, 1], ascending, with the least squared error of value * scale. NaN is left out. */
export function fitCodebook(
  x: Float32Array,
  groups: Groups,
  scales: Float32Array,
  length: number,
): Float32Array {
  const few = x.length <= POINTS;
  const mass = new Float64Array(POINTS);
  const moment = new Float64Array(POINTS);
  forEachRun(groups, 0, x.length, (at, count, group) => {
    for (let i = 0; i < count; i++) {
      const scale = scales[groups.columnwise ? group + i : group]!;
      const value = Math.min(Math.max(x[at + i]! / scale, -1), 1);
      if (Number.isNaN(value)) continue;
      const bin = few ? at + i : Math.min(Math.floor(((value + 1) / 2) * POINTS), POINTS - 1);
      const weight = scale * scale;
      mass[bin]! += weight;
      moment[bin]! += weight * value;
    }
  });
  const points = Array.from(mass, (weight, bin) => ({ weight, value: moment[bin]! / weight }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => a.value - b.value);
  const column = (key: "value" | "weight") => Float64Array.from(points, (point) => point[key]);
  return new Float32Array(kmeans(column("value"), column("weight"), length));
}
