/**
 * Entropy: the threshold on |x| at which the quantized distribution tells least from the real one, by the
 * Kullback-Leibler divergence (Migacz 2017, "8-bit inference with TensorRT"). As there, what lies beyond the threshold
 * counts as if it lay at it, and bins are merged into as many levels as the format has, then spread out again evenly
 * over those that were not empty. As in NVIDIA's pytorch-quantization, the bin of zero is set to its neighbour: zero is
 * a code exactly, so how many zeros there are must not matter.
 *
 * One thing is added: a threshold keeps at least half of the values. Where data begins far from zero, the threshold at its
 * very first bin would win otherwise: a single bin is like itself, whatever was cut off.
 */
import { NoDataError } from "../errors.ts";
import { checkFormat, type RangeFormat } from "./format.ts";
import { type HistogramData, histogram } from "./histogram.ts";
import { type Observer, observer, type Range } from "./observer.ts";

/** Bins of |x|, at most. */
const BINS = 4096;

/**
 * For an affine mapping to an integer format: [-T, T] within what was seen. The levels of |x| are those of the positive
 * codes (128 for int8), or all codes (256) if the mapping is asymmetric and nothing is negative. A format with more
 * levels than the histogram has bins gets min-max.
 */
export function entropy(format: RangeFormat): Observer {
  checkFormat("entropy", format);
  const seen = histogram(BINS);
  return observer(
    (batch, extent) => seen.add(batch, extent),
    () => entropyRange(seen, format),
  );
}

/**
 * As `entropy`, of a histogram; of one with 4096 bins or more the answer is the same.
 * @throws NoDataError for an empty one
 */
export function entropyRange(seen: HistogramData, format: RangeFormat): Range {
  const bits = checkFormat("entropy", format);
  const { min, max, total } = seen;
  if (total === 0) throw new NoDataError();
  const levels = 2 ** (format.symmetric || min < 0 ? bits - 1 : bits);
  const { counts, width } = fold(seen);
  const threshold = bestThreshold(counts, levels) * width;
  return { min: Math.max(min, -threshold), max: Math.min(max, threshold) };
}

/** Counts of |x|: bin i holds i <= |x| / width < i + 1, with bins so wide that they would hold x and zero, too. */
function fold(seen: HistogramData): { counts: Float64Array; width: number } {
  const low = Math.min(seen.min, 0);
  const high = Math.max(seen.max, 0);
  let { width } = seen;
  while (Math.floor(high / width) - Math.floor(low / width) >= BINS) width *= 2;
  const ratio = seen.width / width;
  const counts = new Float64Array(Math.floor(Math.max(-low, high) / width) + 1);
  seen.counts.forEach((count, i) => {
    const bin = Math.floor((seen.first + i) * ratio);
    if (count > 0) counts[bin < 0 ? -bin - 1 : bin]! += count;
  });
  return { counts, width };
}

/** The number of bins to keep: the largest of those with the smallest divergence. */
function bestThreshold(counts: Float64Array, levels: number): number {
  const bins = counts.length;
  counts[0] = counts[1] ?? 1;
  // Running sums over the bins before i: of the counts, of the bins that are not empty, of c log c.
  const sums = new Float64Array(bins + 1);
  const filled = new Float64Array(bins + 1);
  const entropies = new Float64Array(bins + 1);
  counts.forEach((c, i) => {
    sums[i + 1] = sums[i]! + c;
    filled[i + 1] = filled[i]! + (c > 0 ? 1 : 0);
    entropies[i + 1] = entropies[i]! + xLogX(c);
  });
  const total = sums[bins]!;
  let best = bins;
  let least = Infinity;
  for (let kept = levels; kept <= bins; kept++) {
    const last = counts[kept - 1]!;
    const beyond = total - sums[kept]!;
    if (last === 0 && beyond > 0) continue; // infinite: mass where the quantized distribution has none
    if (beyond > total / 2) continue;
    // Sum of p log p - p log q, where p is the count with the tail added to the last bin and q the mean of its level.
    let sum = entropies[kept]! - xLogX(last) + xLogX(last + beyond);
    for (let level = 0, from = 0; level < levels; level++) {
      const to = Math.ceil(((level + 1) * kept) / levels);
      const mass = sums[to]! - sums[from]!;
      if (mass > 0) {
        const inLevel = level === levels - 1 ? mass + beyond : mass;
        sum -= inLevel * Math.log(mass / (filled[to]! - filled[from]!));
      }
      from = to;
    }
    const divergence = sum / total - Math.log(total) + Math.log(sums[kept]!);
    if (divergence <= least) [best, least] = [kept, divergence];
  }
  return best;
}

function xLogX(x: number): number {
  return x > 0 ? x * Math.log(x) : 0;
}
