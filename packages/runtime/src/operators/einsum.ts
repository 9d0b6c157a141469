/**
 * Einsum: sums of products over named axes. Operands are contracted one pair after the other: floats by matmul, all else by
 * a broadcast product and a sum.
 */
import { elementCount, strides } from "@bitbudget/core";
import { getString } from "@bitbudget/onnx";
import { affinePositions, pick } from "../host/elements.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { type EinsumTerms, parseEquation } from "./einsum-equation.ts";
import { binary, isFloat, reduce } from "./emit.ts";
import { expand, transpose } from "./moves.ts";

/** A tensor whose axes have names. */
interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

export const einsum: Operator = (context) => {
  const values = context.inputs.map((_, i) => context.input(i));
  const equation = getString(context.node, "equation");
  const ranks = values.map(({ type }) => type.shape.length);
  const { inputs, output }: EinsumTerms = parseEquation(equation, ranks, (message) => context.fail(message));
  const terms = values.map((value, i) => diagonal(context, { value, labels: inputs[i] ?? [] }));
  checkLengths(context, terms);

  let result: Term | undefined;
  for (const [i, term] of terms.entries()) {
    /** Axes that are still needed once this operand is in. */
    const wanted = new Set([...output, ...terms.slice(i + 1).flatMap(({ labels }) => labels)]);
    result = result === undefined ? term : contract(context, result, term, wanted);
    result = sumOut(context, result, (label) => !wanted.has(label));
  }
  return [arrange(context, result ?? context.fail("has no operands"), output).value];
};

/** An axis named twice is read along its diagonal. */
function diagonal(context: Lowering, { value, labels }: Term): Term {
  const distinct = [...new Set(labels)];
  if (distinct.length === labels.length) return { value, labels };
  const { dtype, shape } = value.type;
  const steps = strides(shape);
  const result = distinct.map((label) => shape[labels.indexOf(label)] ?? 1);
  for (const [axis, label] of labels.entries())
    if (shape[axis] !== result[distinct.indexOf(label)]) context.fail(`gives ${label} two lengths`);
  const along = distinct.map((label) =>
    labels.reduce((sum, other, axis) => sum + (other === label ? steps[axis]! : 0), 0),
  );
  const [read] = context.host([{ dtype, shape: result }], [value], ([tensor]) => [
    pick(tensor!, result, affinePositions(result, along)),
  ]);
  return { value: read ?? context.fail("could not read a diagonal"), labels: distinct };
}

/** Equal names must mean equal lengths; a length of 1 broadcasts. */
function checkLengths(context: Lowering, terms: readonly Term[]): void {
  const lengths = new Map<string, number>();
  for (const { value, labels } of terms)
    for (const [axis, label] of labels.entries()) {
      const length = value.type.shape[axis] ?? 1;
      const before = lengths.get(label) ?? 1;
      if (before !== 1 && length !== 1 && before !== length)
        context.fail(`gives ${label} the lengths ${before} and ${length}`);
      lengths.set(label, Math.max(before === 1 ? length : before, length === 1 ? before : length));
    }
}

/** The sum over axes. */
function sumOut(context: Lowering, { value, labels }: Term, isSummed: (label: string) => boolean): Term {
  const axes = labels.flatMap((label, axis) => (isSummed(label) ? [axis] : []));
  if (axes.length === 0) return { value, labels };
  return {
    value: reduce(context, "sum", value, axes, false),
    labels: labels.filter((label) => !isSummed(label)),
  };
}

/** The product of two terms, summed over what both have and nobody wants. */
function contract(context: Lowering, a: Term, b: Term, wanted: ReadonlySet<string>): Term {
  const left = sumOut(context, a, (label) => !wanted.has(label) && !b.labels.includes(label));
  const right = sumOut(context, b, (label) => !wanted.has(label) && !left.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const summed = shared.filter((label) => !wanted.has(label));
  const batch = shared.filter((label) => wanted.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  if (!isFloat(left.value.type.dtype) || summed.length === 0) {
    const labels = [...batch, ...rows, ...columns, ...summed];
    const product = binary(context, "mul", spread(context, left, labels), spread(context, right, labels));
    return sumOut(context, { value: product, labels }, (label) => summed.includes(label));
  }

  const lengths = lengthsOf(left, right);
  const x = matrices(context, left, batch, rows, summed, lengths);
  const y = matrices(context, right, batch, summed, columns, lengths);
  const spec = {
    op: "matmul",
    inputs: [x.type, y.type],
    attributes: { output: x.type.dtype },
  } as const;
  const product = context.kernel(spec, [x, y]);
  const labels = [...batch, ...rows, ...columns];
  return {
    value: context.reshape(
      product,
      labels.map((label) => lengths.get(label) ?? 1),
    ),
    labels,
  };
}

function lengthsOf(...terms: readonly Term[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { value, labels } of terms)
    for (const [axis, label] of labels.entries()) {
      const length = value.type.shape[axis] ?? 1;
      if (length !== 1 || !lengths.has(label)) lengths.set(label, length);
    }
  return lengths;
}

/** A term as a batch of matrices: the axes of rows in one, those of columns in another. */
function matrices(
  context: Lowering,
  term: Term,
  batch: readonly string[],
  rows: readonly string[],
  columns: readonly string[],
  lengths: ReadonlyMap<string, number>,
): Value {
  const labels = [...batch, ...rows, ...columns];
  const sizes = (names: readonly string[]) => names.map((label) => lengths.get(label) ?? 1);
  const full = expand(context, arrange(context, term, labels).value, sizes(labels));
  return context.reshape(full, [
    elementCount(sizes(batch)),
    elementCount(sizes(rows)),
    elementCount(sizes(columns)),
  ]);
}

/** The term with its axes in this order. */
function arrange(context: Lowering, { value, labels }: Term, order: readonly string[]): Term {
  const perm = order.map((label) => labels.indexOf(label));
  return { value: transpose(context, value, perm), labels: order };
}

/** The term with an axis for every label, of length 1 where it has none. */
function spread(context: Lowering, term: Term, labels: readonly string[]): Value {
  const own = labels.filter((label) => term.labels.includes(label));
  const { value } = arrange(context, term, own);
  const shape = labels.map((label) => value.type.shape[own.indexOf(label)] ?? 1);
  return context.reshape(value, shape);
}
