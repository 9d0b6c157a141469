/**
 * Anti-aliased fills by exact area: each edge adds the signed area that it covers in its pixels, and a running sum along
 * the row turns that into coverage. The accumulation buffer of Levien's font-rs (2015) and Barrett's stb_truetype 2.
 */
import type { Outline } from "./outlines.ts";

export class Raster {
  readonly size: number;
  /** Row-major coverage, 0 to 1, of `size` * `size` pixels. */
  readonly coverage: Float64Array;
  /** A row has room for what leaves it on the right. */
  readonly #stride: number;
  readonly #areas: Float64Array;
  #top: number;
  #bottom = 0;

  constructor(size: number) {
    this.size = size;
    this.coverage = new Float64Array(size * size);
    this.#stride = size + 2;
    this.#areas = new Float64Array(size * this.#stride);
    this.#top = size;
  }

  /** Adds the inside of a closed outline, in pixels. */
  fill(points: Outline): void {
    const { length } = points;
    for (let i = 0; i < length; i += 2) {
      const j = (i + 2) % length;
      this.#edge(points[i]!, points[i + 1]!, points[j]!, points[j + 1]!);
    }
  }

  /** Adds pieces `from` to below `to` of an outline as lines of a width; pieces are counted on beyond the last. */
  stroke(points: Outline, width: number, from = 0, to = points.length / 2): void {
    const count = points.length / 2;
    const half = width / 2;
    for (let piece = from; piece < to; piece++) {
      const i = (piece % count) * 2;
      const j = ((piece + 1) % count) * 2;
      const [ax, ay, bx, by] = [points[i]!, points[i + 1]!, points[j]!, points[j + 1]!];
      const length = Math.sqrt((bx - ax) ** 2 + (by - ay) ** 2);
      if (length < 1e-9) continue;
      const ux = ((bx - ax) / length) * half;
      const uy = ((by - ay) / length) * half;
      // Longer by a part of its width at both ends, so that corners are closed.
      this.#quad(ax - 0.6 * ux, ay - 0.6 * uy, bx + 0.6 * ux, by + 0.6 * uy, -uy, ux);
    }
  }

  /** Ends the drawing: `coverage` is that of all that was added since the last time. */
  finish(): void {
    const { size, coverage } = this;
    const areas = this.#areas;
    coverage.fill(0);
    for (let y = this.#top; y < this.#bottom; y++) {
      let sum = 0;
      const row = y * this.#stride;
      for (let x = 0; x < size; x++) {
        sum += areas[row + x]!;
        const area = sum < 0 ? -sum : sum;
        coverage[y * size + x] = area > 1 ? 1 : area < 1e-6 ? 0 : area;
      }
      areas.fill(0, row, row + this.#stride);
    }
    this.#top = size;
    this.#bottom = 0;
  }

  #quad(ax: number, ay: number, bx: number, by: number, nx: number, ny: number): void {
    this.#edge(ax + nx, ay + ny, bx + nx, by + ny);
    this.#edge(bx + nx, by + ny, bx - nx, by - ny);
    this.#edge(bx - nx, by - ny, ax - nx, ay - ny);
    this.#edge(ax - nx, ay - ny, ax + nx, ay + ny);
  }

  #edge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 === y1) return;
    const sign = y0 < y1 ? 1 : -1;
    const [topX, topY, endX, endY] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
    const slope = (endX - topX) / (endY - topY);
    const first = Math.max(0, Math.floor(topY));
    const last = Math.min(this.size, Math.ceil(endY));
    if (first < this.#top) this.#top = first;
    if (last > this.#bottom) this.#bottom = last;
    for (let y = first; y < last; y++) {
      const from = Math.max(y, topY);
      const to = Math.min(y + 1, endY);
      if (from >= to) continue;
      const xa = this.#inside(topX + (from - topY) * slope);
      const xb = this.#inside(topX + (to - topY) * slope);
      this.#span(y * this.#stride, sign * (to - from), Math.min(xa, xb), Math.max(xa, xb));
    }
  }

  /** What is left of the image covers whole rows, what is right of it nothing. */
  #inside(x: number): number {
    return Math.max(0, Math.min(this.size, x));
  }

  /** The area right of a piece of an edge that lies in one row, from `left` to `right`. */
  #span(row: number, height: number, left: number, right: number): void {
    const areas = this.#areas;
    const first = Math.floor(left);
    const last = Math.floor(right);
    if (first === last) {
      const covered = height * (first + 1 - (left + right) / 2);
      areas[row + first]! += covered;
      areas[row + first + 1]! += height - covered;
      return;
    }
    const perPixel = height / (right - left);
    let passed = 0;
    let before = 0;
    for (let x = first; x <= last; x++) {
      const a = x === first ? left : x;
      const b = x === last ? right : x + 1;
      const here = (b - a) * perPixel;
      const covered = passed + here * (x + 1 - (a + b) / 2);
      areas[row + x]! += covered - before;
      before = covered;
      passed += here;
    }
    areas[row + last + 1]! += height - before;
  }
}
