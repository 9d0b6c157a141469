/** attention: for each query the scores of the keys that it sees, their softmax, and the mean of the values by it. */
import { attentionSize, broadcastStrides, visibleKeys } from "@bitbudget/backend";
import { load, results, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { floats, plainRows } from "./formats.ts";

export const attention: JsKernel<"attention"> = {
  rows: plainRows(floats),

  prepare(_, spec) {
    const [qType, kType, vType, maskType] = spec.inputs;
    const { scale, causal = false } = spec.attributes;
    const sizes = attentionSize(spec);
    const { batch, heads, kvHeads, m, n, d, dv } = sizes;
    const type = { dtype: qType!.dtype, shape: [batch, heads, m, dv] };
    const [ofBatch, ofHead, ofQuery, ofKey] = broadcastStrides(maskType?.shape ?? [], [batch, heads, m, n]);
    const group = heads / kvHeads;
    return {
      bytes: 0,
      run([q, k, v, mask], [y]) {
        const queries = load(q!, qType!);
        const keys = load(k!, kType!);
        const values = load(v!, vType!);
        const biases = maskType === undefined ? undefined : load(mask!, maskType);
        const out = results(y!, type);
        const weights = new Float64Array(n);
        const means = new Float64Array(dv);
        for (let b = 0, row = 0; b < batch; b++)
          for (let h = 0; h < heads; h++) {
            const head = (b * kvHeads + Math.floor(h / group)) * n;
            for (let i = 0; i < m; i++, row++) {
              const seen = visibleKeys(i, sizes, causal);
              const bias = b * ofBatch! + h * ofHead! + i * ofQuery!;
              for (let j = 0; j < seen; j++) {
                const score = scale * product(queries, row * d, keys, (head + j) * d, d);
                weights[j] = biases === undefined ? score : score + biases[bias + j * ofKey!]!;
              }
              softmax(weights, seen);
              means.fill(0);
              for (let j = 0; j < seen; j++)
                for (let c = 0; c < dv; c++) means[c]! += weights[j]! * values[(head + j) * dv + c]!;
              out.set(means, row * dv);
            }
          }
        store(out, y!, type);
      },
    };
  },
};

function product(a: Numbers, aStart: number, b: Numbers, bStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}

/** The first `count` scores become weights. Where all are -Infinity nothing is attended: weights of 0. */
function softmax(scores: Float64Array, count: number): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < count; j++) max = Math.max(max, scores[j]!);
  if (max === Number.NEGATIVE_INFINITY) {
    scores.fill(0, 0, count);
    return;
  }
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const weight = Math.exp(scores[j]! - max);
    scores[j] = weight;
    sum += weight;
  }
  for (let j = 0; j < count; j++) scores[j]! /= sum;
}
