/** The gradient of Einsum: an Einsum of the gradient with the other operands, whose result is named like the operand. */
import { getString } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientRule } from "./rule.ts";

export const einsum: GradientRule = (b) => {
  const { terms, output } = parse(b);
  const lengths = new Map<string, number>();
  for (const [i, term] of terms.entries())
    for (const [axis, label] of [...term].entries())
      lengths.set(label, Math.max(lengths.get(label) ?? 1, b.input(i).shape[axis] ?? 1));
  return terms.map((_, i) => (b.needs(i) ? operand(b, terms, output, i, lengths) : undefined));
};

function operand(
  b: Backward,
  terms: readonly string[],
  output: string,
  i: number,
  lengths: ReadonlyMap<string, number>,
): Value {
  const { ops } = b;
  const own = [...(terms[i] ?? "")];
  const { shape } = b.input(i);
  if (new Set(own).size < own.length) b.fail(`it reads a diagonal (${terms[i]}) of a trained operand`);
  const others = terms.flatMap((term, j) => (j === i ? [] : [{ term, value: b.input(j) }]));
  const sources = [output, ...others.map(({ term }) => term)];
  /** Axes that this operand alone has were summed by themselves: all their elements have the same gradient. */
  const known = own.filter((label) => sources.some((term) => term.includes(label)));
  const sizes = known.map((label) => lengths.get(label) ?? 1);
  const [product] = ops.emit(
    "Einsum",
    [b.dy, ...others.map(({ value }) => value)],
    [{ dtype: b.dy.dtype, shape: sizes }],
    { equation: `${sources.join()}->${known.join("")}` },
  );
  const spread = ops.reshape(
    product!,
    own.map((label) => (known.includes(label) ? (lengths.get(label) ?? 1) : 1)),
  );
  const whole = own.map((label, axis) =>
    known.includes(label) ? (lengths.get(label) ?? 1) : (shape[axis] ?? 1),
  );
  return ops.sumTo(ops.expand(spread, whole), shape);
}

/** The names of the axes of each operand and of the result, one letter each. */
function parse(b: Backward): { readonly terms: readonly string[]; readonly output: string } {
  const equation = getString(b.node, "equation").replaceAll(" ", "");
  if (equation.includes("...")) b.fail(`it has an ellipsis (${equation}); name its axes`);
  const [left = "", right] = equation.split("->");
  const letters = [...left.replaceAll(",", "")];
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return { terms: left.split(","), output: right ?? once.sort().join("") };
}
