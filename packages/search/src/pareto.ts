/**
 * Points that no other point beats in everything, and how good a set of them is. Each point is a list of objectives, all of
 * which are minimized; infinities are allowed, NaN is not.
 */
import { compare } from "./algorithm.ts";
import { SearchError } from "./errors.ts";

export type Point = readonly number[];

/** Whether `a` is nowhere worse than `b`, and somewhere better. */
export function dominates(a: Point, b: Point): boolean {
  let isBetter = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) isBetter = true;
  }
  return isBetter;
}

/**
 * Indices of the points that none dominates, in the order given. Of equal points all are there.
 * @throws SearchError for points of different lengths, or with NaN
 */
export function paretoFront(points: readonly Point[]): number[] {
  checkPoints(points);
  return points.flatMap((point, i) => (points.some((other) => dominates(other, point)) ? [] : [i]));
}

/**
 * For each point the number of its front, from 0: the first are those that none dominates, the second those that would be
 * the first without these (fast non-dominated sort; Deb et al., "A fast and elitist multiobjective genetic algorithm:
 * NSGA-II", 2002). Takes time in proportion to the square of their number.
 * @param isLess dominance, where it is not the usual one
 */
export function frontRanks(
  points: readonly Point[],
  isLess: (a: number, b: number) => boolean = (a, b) => dominates(points[a]!, points[b]!),
): number[] {
  checkPoints(points);
  const below = points.map(() => 0);
  const beats = points.map((): number[] => []);
  for (let a = 0; a < points.length; a++)
    for (let b = 0; b < points.length; b++)
      if (isLess(a, b)) {
        beats[a]!.push(b);
        below[b]!++;
      }
  const ranks = points.map(() => 0);
  let front = [...points.keys()].filter((i) => below[i] === 0);
  for (let rank = 0; front.length > 0; rank++) {
    for (const i of front) ranks[i] = rank;
    front = front.flatMap((i) => beats[i]!.filter((j) => --below[j]! === 0));
  }
  return ranks;
}

/**
 * For each point of one front how far its neighbours are, in units of the front's extent (crowding distance; Deb et al.
 * 2002). Infinity at the ends of each objective.
 */
export function crowdingDistances(points: readonly Point[]): number[] {
  checkPoints(points);
  const distances = points.map(() => 0);
  for (let k = 0; k < (points[0]?.length ?? 0); k++) {
    const order = [...points.keys()].sort((a, b) => compare(points[a]![k]!, points[b]![k]!) || a - b);
    const at = (position: number) => points[order[position]!]![k]!;
    const extent = at(order.length - 1) - at(0);
    for (const [position, i] of order.entries()) {
      if (position === 0 || position === order.length - 1) distances[i] = Number.POSITIVE_INFINITY;
      else if (extent > 0 && Number.isFinite(extent))
        distances[i]! += (at(position + 1) - at(position - 1)) / extent;
    }
  }
  return distances;
}

/**
 * The area, or in three dimensions the volume, of what the points dominate up to a reference point (the S metric of
 * Zitzler and Thiele 1999). Points that are not better than the reference in everything add nothing.
 * @throws SearchError for other than 1 to 3 objectives
 */
export function hypervolume(points: readonly Point[], reference: Point): number {
  checkPoints([...points, reference]);
  const inside = points.filter((point) => point.every((x, i) => x < reference[i]!));
  switch (reference.length) {
    case 1:
      return inside.reduce((best, [x]) => Math.max(best, reference[0]! - x!), 0);
    case 2:
      return area(inside, reference);
    case 3:
      return volume(inside, reference);
    default:
      throw new SearchError(`hypervolumes are of 1 to 3 objectives, not ${reference.length}`);
  }
}

/** From the left, each point that is lower than all before adds a rectangle. */
function area(points: readonly Point[], [right, top]: Point): number {
  const sorted = [...points].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
  let sum = 0;
  let low = top!;
  for (const [x, y] of sorted)
    if (y! < low) {
      sum += (right! - x!) * (low - y!);
      low = y!;
    }
  return sum;
}

/** Slices between the heights of neighbouring points: each is the area of the points that are not above it. */
function volume(points: readonly Point[], [right, top, end]: Point): number {
  const sorted = [...points].sort((a, b) => a[2]! - b[2]!);
  return sorted.reduce((sum, point, i) => {
    const depth = (sorted[i + 1]?.[2] ?? end!) - point[2]!;
    return depth > 0 ? sum + depth * area(sorted.slice(0, i + 1), [right!, top!]) : sum;
  }, 0);
}

function checkPoints(points: readonly Point[]): void {
  const length = points[0]?.length ?? 0;
  for (const point of points) {
    if (point.length !== length)
      throw new SearchError(
        `points have as many objectives as each other, not ${length} and ${point.length}`,
      );
    if (point.some(Number.isNaN)) throw new SearchError(`NaN is no objective, as in [${point.join(", ")}]`);
  }
}
