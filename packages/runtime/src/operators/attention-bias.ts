/** Who may attend whom: masks, causality, windows and padding as one tensor that is added to the scores. */
import { type DType, dtypes, tensor } from "@bitbudget/core";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { binary, number, reduce, where } from "./emit.ts";
import { cast, pad } from "./moves.ts";

/** Keys around a query that its place allows. A query at position p sees p - left to p + right; -1 leaves a side open. */
export interface Window {
  readonly causal: boolean;
  readonly left: number;
  readonly right: number;
}

/** Where the queries of a sequence stand among its keys. */
export interface Span {
  /** Place of the first query. */
  readonly first: number;
  /** Keys that count, from the first on. */
  readonly end: number;
}

export interface BiasOptions {
  /** Format of the scores. */
  readonly dtype: DType;
  readonly queries: number;
  readonly keys: number;
  readonly window: Window;
  /** One for all sequences of the batch, or one for each. */
  readonly spans: readonly Span[];
  /** Broadcasts to [batch, heads, queries, keys]: bool (true attends) or numbers to add. */
  readonly mask?: Value | undefined;
  /** Whether every query is known to have a key, or nobody asks. Default false. */
  readonly filled?: boolean;
}

export interface Bias {
  /** Broadcasts to [batch, heads, queries, keys]. */
  readonly value: Value;
  /** Queries without any key, true or false, [..., queries, 1]; undefined where there cannot be one. */
  readonly empty: Value | undefined;
}

/** Undefined where every query attends every key. */
export function attentionBias(context: Lowering, options: BiasOptions): Bias | undefined {
  const { dtype, queries, keys, window, spans, mask } = options;
  const places = new Uint8Array(spans.length * queries * keys);
  for (const [b, span] of spans.entries()) markAllowed(places, b * queries, queries, keys, window, span);
  const shape = spans.length === 1 ? [queries, keys] : [spans.length, 1, queries, keys];
  const isWhole = !places.includes(0);
  if (mask === undefined) {
    if (isWhole) return undefined;
    const numbers = Float64Array.from(places, (allowed) => (allowed === 1 ? 0 : Number.NEGATIVE_INFINITY));
    const value = context.known(tensor(dtype, shape, numbers));
    return { value, empty: knownEmptyRows(context, places, shape) };
  }
  const known = isWhole ? [] : [context.known(tensor("bool", shape, places))];
  const value = addMask(context, dtype, known, mask);
  return { value, empty: options.filled ? undefined : emptyRows(context, value) };
}

/**
 * The same where only a run can tell how many keys count, [batch]; the queries are the last of those.
 */
export function attentionBiasByEnds(
  context: Lowering,
  { dtype, queries, keys, window, mask, filled = false }: Omit<BiasOptions, "spans">,
  ends: Value,
): Bias {
  const allowed = allowedByEnds(context, queries, keys, window, ends);
  const value = addMask(context, dtype, allowed, mask);
  return { value, empty: filled ? undefined : emptyRows(context, value) };
}

/** A mask for the first keys only: nobody attends the others (ONNX Attention). */
export function extendMask(context: Lowering, mask: Value, keys: number): Value {
  const { dtype, shape } = mask.type;
  const missing = keys - (shape.at(-1) ?? 0);
  if (missing <= 0) return mask;
  const pads = shape.map((_, axis): [number, number] => [0, axis === shape.length - 1 ? missing : 0]);
  // Kernels pad bool as it is stored.
  const value = dtypes[dtype].kind === "float" ? Number.NEGATIVE_INFINITY : 0;
  return pad(context, mask, { pads, mode: "constant", value });
}

/** `additive` (or 0) where all conditions hold, else -infinity. */
function select(
  context: Lowering,
  dtype: DType,
  conditions: readonly Value[],
  additive: Value | undefined,
): Value | undefined {
  const [first, ...others] = conditions;
  if (first === undefined) return additive;
  const all = others.reduce((joined, next) => binary(context, "and", joined, next), first);
  const nothing = number(context, dtype, Number.NEGATIVE_INFINITY);
  return where(context, all, additive ?? number(context, dtype, 0), nothing);
}

function addMask(
  context: Lowering,
  dtype: DType,
  conditions: readonly Value[],
  mask: Value | undefined,
): Value {
  const isCondition = mask?.type.dtype === "bool";
  const additive = mask === undefined || isCondition ? undefined : cast(context, mask, dtype);
  const all = isCondition ? [mask, ...conditions] : conditions;
  return select(context, dtype, all, additive) ?? number(context, dtype, 0);
}

function markAllowed(
  allowed: Uint8Array,
  row: number,
  queries: number,
  keys: number,
  { causal, left, right }: Window,
  span: Span,
): void {
  for (let i = 0; i < queries; i++) {
    const place = span.first + i;
    const first = left < 0 ? 0 : Math.max(0, place - left);
    const last = Math.min(span.end - 1, causal ? place : keys, right < 0 ? keys : place + right);
    if (last >= first) allowed.fill(1, (row + i) * keys + first, (row + i) * keys + last + 1);
  }
}

/** Conditions on a number of keys that only a run can tell: query i stands at ends - queries + i. */
function allowedByEnds(
  context: Lowering,
  queries: number,
  keys: number,
  { causal, left, right }: Window,
  ends: Value,
): Value[] {
  const [batch = 1] = ends.type.shape;
  const end = cast(context, context.reshape(ends, [batch, 1, 1, 1]), "int32");
  const distances = (shift: number) => {
    const values = new Int32Array(queries * keys);
    for (let i = 0; i < values.length; i++) values[i] = (i % keys) - Math.floor(i / keys) + queries + shift;
    return context.known(tensor("int32", [queries, keys], values));
  };
  const positions = context.known(
    tensor(
      "int32",
      [keys],
      Int32Array.from({ length: keys }, (_, j) => j),
    ),
  );
  return [
    binary(context, "less", positions, end),
    ...(causal ? [binary(context, "lessOrEqual", distances(0), end)] : []),
    ...(left < 0 ? [] : [binary(context, "greaterOrEqual", distances(left), end)]),
    ...(right < 0 ? [] : [binary(context, "lessOrEqual", distances(-right), end)]),
  ];
}

function emptyRows(context: Lowering, bias: Value): Value {
  const last = bias.type.shape.length - 1;
  const best = reduce(context, "max", bias, [last]);
  return binary(context, "equal", best, number(context, bias.type.dtype, Number.NEGATIVE_INFINITY));
}

function knownEmptyRows(context: Lowering, places: Uint8Array, shape: readonly number[]): Value | undefined {
  const keys = shape.at(-1) ?? 0;
  const rows = places.length / Math.max(1, keys);
  const empty = new Uint8Array(rows).map((_, i) =>
    Number(!places.subarray(i * keys, (i + 1) * keys).includes(1)),
  );
  const column = [...shape.slice(0, -1), 1];
  return empty.includes(1) ? context.known(tensor("bool", column, empty)) : undefined;
}
