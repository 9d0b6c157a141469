/**
 * The yardstick of attention. An error of e in a score changes its weight by the factor 1 + e, and scores are off by
 * roundings of their own magnitude a = |scale| * sum(|q * k|) + |mask|: sum(weight * |v| * (1 + a + mean of a)).
 */
import { attentionSize, broadcastStrides, type KernelSpec, visibleKeys } from "@bitbudget/backend";
import { type HostTensor, valuesOf } from "@bitbudget/core";

export function attentionMagnitude(
  spec: KernelSpec<"attention">,
  inputs: readonly HostTensor[],
): ArrayLike<number> {
  const sizes = attentionSize(spec);
  const { batch, heads, kvHeads, m, n, d, dv } = sizes;
  const { scale, causal = false } = spec.attributes;
  const [q, k, v] = inputs.slice(0, 3).map(valuesOf);
  const mask = inputs[3];
  const biases = mask === undefined ? [0] : valuesOf(mask);
  const [ofBatch, ofHead, ofQuery, ofKey] = broadcastStrides(mask?.shape ?? [], [batch, heads, m, n]);
  const magnitude = new Float64Array(batch * heads * m * dv);
  for (let row = 0; row < batch * heads * m; row++) {
    const [b, h, i] = [Math.floor(row / heads / m), Math.floor(row / m) % heads, row % m];
    const head = (b * kvHeads + Math.floor((h * kvHeads) / heads)) * n;
    const keys = Array.from({ length: visibleKeys(i, sizes, causal) }, (_, j) => {
      const bias = biases[b * ofBatch! + h * ofHead! + i * ofQuery! + j * ofKey!]!;
      let [score, size] = [bias, Math.abs(bias)];
      for (let c = 0; c < d; c++) {
        const term = scale * q![row * d + c]! * k![(head + j) * d + c]!;
        score += term;
        size += Math.abs(term);
      }
      return { score, size, values: (head + j) * dv };
    }).filter(({ score }) => score !== Number.NEGATIVE_INFINITY);
    const max = keys.reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const weights = keys.map(({ score }) => Math.exp(score - max));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = keys.reduce((sum, { size }, j) => sum + (weights[j]! / total) * size, 0);
    for (const [j, { size, values }] of keys.entries())
      for (let c = 0; c < dv; c++)
        magnitude[row * dv + c]! += (weights[j]! / total) * Math.abs(v![values + c]!) * (1 + size + mean);
  }
  return magnitude;
}
