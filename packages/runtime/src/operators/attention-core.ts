/** Scaled dot-product attention (Vaswani et al. 2017) in kernels, shared by all operators of that kind. */
import { type AnySpec, SpecError } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import type { Bias } from "./attention-bias.ts";
import { binary, binaryNumber, number, unary, where } from "./emit.ts";
import { cast, concat, expand, sliceAxis, transpose } from "./moves.ts";

/** [batch, sequence, heads * size] to [batch, heads, sequence, size]. */
export function splitHeads(context: Lowering, x: Value, heads: number): Value {
  const [batch = 0, length = 0, width = 0] = x.type.shape;
  if (heads <= 0 || width % heads !== 0)
    context.fail(`cannot divide a hidden size of ${width} into ${heads} heads`);
  const apart = context.reshape(x, [batch, length, heads, width / heads]);
  return transpose(context, apart, [0, 2, 1, 3]);
}

/** [batch, heads, sequence, size] to [batch, sequence, heads * size]. */
export function joinHeads(context: Lowering, x: Value): Value {
  const [batch = 0, heads = 0, length = 0, size = 0] = x.type.shape;
  return context.reshape(transpose(context, x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

export interface FusedOptions {
  readonly scale: number;
  /** Query i sees keys up to i + keys - queries. */
  readonly causal?: boolean;
  /** Added to the scores. */
  readonly mask?: Value | undefined;
}

/**
 * All of attention in one kernel: [batch, heads, queries, size]. Queries without a key give 0. Undefined where formats or
 * shapes do not fit the kernel, or the backend lacks it.
 */
export function fusedAttention(
  context: Lowering,
  [q, k, v]: readonly [q: Value, k: Value, v: Value],
  { scale, causal = false, mask }: FusedOptions,
): Value | undefined {
  const values = [q, k, v, ...(mask === undefined ? [] : [mask])];
  const inputs = values.map(({ type }) => type);
  const spec = { op: "attention", inputs, attributes: { scale, causal } } as const;
  return fits(context, spec) ? context.kernel(spec, values) : undefined;
}

/** Whether `fusedAttention` will do, whatever mask comes: asked before the steps that make one. */
export function canFuse(context: Lowering, q: Value, k: Value, v: Value): boolean {
  const inputs = [q.type, k.type, v.type];
  const mask = { dtype: q.type.dtype, shape: [q.type.shape[2] ?? 0, k.type.shape[2] ?? 0] };
  const attributes = { scale: 1 };
  const specs = [inputs, [...inputs, mask]].map(
    (types) => ({ op: "attention", inputs: types, attributes }) as const,
  );
  return specs.every((spec) => fits(context, spec));
}

function fits(context: Lowering, spec: AnySpec): boolean {
  try {
    return context.supports(spec);
  } catch (error) {
    if (error instanceof SpecError) return false;
    throw error;
  }
}

/** A format to compute in: formats of 16 bits would round between every two kernels. */
export function widenedType(dtype: DType): DType {
  return dtype === "float16" || dtype === "bfloat16" ? "float32" : dtype;
}

export function widened(context: Lowering, x: Value): Value {
  return cast(context, x, widenedType(x.type.dtype));
}

/** q k^T * scale: [batch, heads, queries, keys]. Heads of k serve groups of consecutive heads of q. */
export function attentionScores(context: Lowering, q: Value, k: Value, scale: number): Value {
  return multiplyHeads(context, binaryNumber(context, "mul", q, scale), k, true);
}

/** softcap * tanh(scores / softcap); 0 does nothing. */
export function softcapped(context: Lowering, scores: Value, softcap: number): Value {
  if (softcap === 0) return scores;
  const squashed = unary(context, "tanh", binaryNumber(context, "div", scores, softcap));
  return binaryNumber(context, "mul", squashed, softcap);
}

export function biased(context: Lowering, scores: Value, bias: Bias | undefined): Value {
  return bias === undefined ? scores : binary(context, "add", scores, bias.value);
}

export interface SoftmaxOptions {
  readonly bias?: Bias | undefined;
  /** A logit that takes part and is thrown away, broadcast to [batch, heads, queries, 1] (an attention sink). */
  readonly sink?: Value | undefined;
}

/** Softmax over the keys; rows without a key are 0. */
export function attentionSoftmax(context: Lowering, scores: Value, options: SoftmaxOptions): Value {
  const { bias, sink } = options;
  const { dtype, shape } = scores.type;
  const axis = shape.length - 1;
  const all =
    sink === undefined ? scores : concat(context, [scores, expand(context, sink, shape.with(axis, 1))], axis);
  const normalized = context.kernel({ op: "softmax", inputs: [all.type], attributes: { axis } }, [all]);
  const kept = sliceAxis(context, normalized, axis, 0, shape[axis] ?? 0);
  if (bias?.empty === undefined) return kept;
  return where(context, bias.empty, number(context, dtype, 0), kept);
}

/**
 * a [batch, heads, M, K] times b [batch, fewer heads, K, N] (or [..., N, K], transposed): [batch, heads, M, N]. A head of
 * b serves a group of consecutive heads of a.
 */
export function multiplyHeads(context: Lowering, a: Value, b: Value, transposeB = false): Value {
  const [batch = 0, heads = 0, m = 0, k = 0] = a.type.shape;
  const [, shared = 0] = b.type.shape;
  if (shared === heads) return matmul(context, a, b, transposeB);
  if (shared === 0 || heads % shared !== 0)
    context.fail(`has ${heads} heads of queries, which ${shared} heads of keys and values do not divide`);
  const groups = context.reshape(a, [batch, shared, heads / shared, m, k]);
  const [, , rows = 0, columns = 0] = b.type.shape;
  const product = matmul(context, groups, context.reshape(b, [batch, shared, 1, rows, columns]), transposeB);
  return context.reshape(product, [batch, heads, m, product.type.shape.at(-1) ?? 0]);
}

function matmul(context: Lowering, a: Value, b: Value, transposeB: boolean): Value {
  const attributes = { transposeB, output: a.type.dtype };
  return context.kernel({ op: "matmul", inputs: [a.type, b.type], attributes }, [a, b]);
}
