/** attention: softmax(scale * q k^T + mask) v in one kernel, which never stores the scores (ONNX Attention; Vaswani et al. 2017). */
import type { KernelSpec } from "../spec.ts";
import { sumOf } from "../tolerance.ts";
import { broadcastShapes } from "./broadcast.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";

/**
 * Inputs: q [batch, heads, m, d], k [batch, kvHeads, n, d], v [batch, kvHeads, n, dv] and, if there is one, a mask that
 * broadcasts to [batch, heads, m, n] and is added to the scores. Head h of q reads head floor(h / (heads / kvHeads)) of
 * k and v (grouped queries, Ainslie et al. 2023).
 */
export interface AttentionAttributes {
  /** Factor of q k^T, mostly 1 / sqrt(d). */
  readonly scale: number;
  /** Query i sees keys up to i + n - m: the queries are the last of the sequence. */
  readonly causal?: boolean;
}

export interface AttentionSize {
  readonly batch: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Queries and keys. */
  readonly m: number;
  readonly n: number;
  /** Lengths of a query or key, and of a value. */
  readonly d: number;
  readonly dv: number;
}

/** Throws SpecError where the shapes do not fit. */
export function attentionSize(spec: KernelSpec<"attention">): AttentionSize {
  const [q, k, v] = [input(spec, 0).shape, input(spec, 1).shape, input(spec, 2).shape];
  for (const [i, { length }] of [q, k, v].entries())
    check(length === 4, spec, `inputs[${i}].shape`, "needs four dimensions: batch, heads, length, size");
  const [batch = 0, heads = 0, m = 0, d = 0] = q;
  const [kBatch, kvHeads = 0, n = 0, kSize] = k;
  const [vBatch, vHeads, vLength, dv = 0] = v;
  check(kBatch === batch, spec, "inputs[1].shape", `must have a batch of ${batch} like the queries`);
  check(kSize === d, spec, "inputs[1].shape", `must have keys of size ${d} like the queries`);
  check(
    kvHeads === 0 ? heads === 0 : heads % kvHeads === 0,
    spec,
    "inputs[1].shape",
    `must have a number of heads that divides ${heads}, not ${kvHeads}`,
  );
  check(
    vBatch === batch && vHeads === kvHeads && vLength === n,
    spec,
    "inputs[2].shape",
    `must begin with [${batch}, ${kvHeads}, ${n}] like the keys`,
  );
  return { batch, heads, kvHeads, m, n, d, dv };
}

/** Keys that query i may see, from the first on. */
export function visibleKeys(i: number, { m, n }: AttentionSize, causal: boolean): number {
  return causal ? Math.min(Math.max(i + 1 + n - m, 0), n) : n;
}

export const attention: OpDefinition<"attention"> = {
  op: "attention",
  summary: "scaled dot-product attention",
  onnx: ["Attention"],
  outputs(spec) {
    checkInputCount(spec, 3, 4);
    const { dtype } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, ["float32", "float16", "bfloat16", "float64"]);
    for (const [i, type] of spec.inputs.entries())
      check(type.dtype === dtype, spec, `inputs[${i}].dtype`, `must be ${dtype} like the queries`);
    check(Number.isFinite(spec.attributes.scale), spec, "attributes.scale", "must be a finite number");
    const { batch, heads, m, n, dv } = attentionSize(spec);
    const scores = [batch, heads, m, n];
    const mask = spec.inputs[3];
    if (mask !== undefined) {
      const joined = broadcastShapes(spec, scores, mask.shape);
      const fits = joined.length === 4 && joined.every((length, axis) => length === scores[axis]);
      check(fits, spec, "inputs[3].shape", `must broadcast to [${scores.join(", ")}]`);
    }
    return [{ dtype, shape: [batch, heads, m, dv] }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations(spec) {
    const sizes = attentionSize(spec);
    let keys = 0;
    for (let i = 0; i < sizes.m; i++) keys += visibleKeys(i, sizes, spec.attributes.causal ?? false);
    // Two products, and the five operations of softmax.
    return size([sizes.batch, sizes.heads]) * keys * (2 * sizes.d + 2 * sizes.dv + 5);
  },
  tolerance(spec) {
    const { dtype } = input(spec);
    const { n, d } = attentionSize(spec);
    // The sums over keys above and below the fraction, that of a score, and 48 for an exponential as in softmax.
    return { ...sumOf(2 * n + d + 48, isFloat(dtype) ? dtype : "float32"), absolute: 2 ** -32 };
  },
};
