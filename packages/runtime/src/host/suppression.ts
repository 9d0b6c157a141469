/** Non-maximum suppression: of boxes that overlap, the one with the highest score stays (ONNX NonMaxSuppression). */

export interface SuppressionOptions {
  /** Boxes that are kept of each class in each image. */
  readonly most: number;
  /** Boxes whose intersection over union with a kept one is larger than this are dropped. */
  readonly overlap: number;
  /** Boxes with a score of this or less are dropped. */
  readonly score: number;
  /** Boxes are centre x, centre y, width, height; else y1, x1, y2, x2 of two opposite corners. */
  readonly centered: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * @param boxes batch x count x 4  @param scores batch x classes x count
 * @returns triples: batch, class, box; of a class by descending score
 */
export function suppress(
  boxes: ArrayLike<number>,
  scores: ArrayLike<number>,
  [batch, classes, count]: readonly [number, number, number],
  { most, overlap, score, centered }: SuppressionOptions,
): number[] {
  const selected: number[] = [];
  for (let n = 0; n < batch; n++) {
    const all = Array.from({ length: count }, (_, i) => boxAt(boxes, (n * count + i) * 4, centered));
    for (let c = 0; c < classes; c++) {
      const start = (n * classes + c) * count;
      const order = Array.from({ length: count }, (_, i) => i)
        .filter((i) => scores[start + i]! > score)
        .sort((a, b) => scores[start + b]! - scores[start + a]! || a - b);
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        if (kept.every((other) => intersectionOverUnion(all[i]!, all[other]!) <= overlap)) kept.push(i);
      }
      for (const i of kept) selected.push(n, c, i);
    }
  }
  return selected;
}

function boxAt(boxes: ArrayLike<number>, at: number, centered: boolean): Box {
  const [a = 0, b = 0, c = 0, d = 0] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
  if (centered) return { left: a - c / 2, right: a + c / 2, top: b - d / 2, bottom: b + d / 2 };
  return { left: Math.min(b, d), right: Math.max(b, d), top: Math.min(a, c), bottom: Math.max(a, c) };
}

function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const [areaA, areaB] = [area(a), area(b)];
  if (width <= 0 || height <= 0 || areaA <= 0 || areaB <= 0) return 0;
  return (width * height) / (areaA + areaB - width * height);
}

function area({ left, right, top, bottom }: Box): number {
  return (right - left) * (bottom - top);
}
