/** Reverse-mode differentiation (Linnainmaa 1970; Griewank and Walther 2008, chapter 3): the tape, backwards. */
import { dtypes } from "@bitbudget/core";
import { canonicalDomain, type NodeProto, nodeName } from "@bitbudget/onnx";
import { NoGradientError } from "./errors.ts";
import { gradients as rules } from "./gradients/index.ts";
import type { Backward, GradientRule } from "./gradients/rule.ts";
import type { TapeEntry, Value } from "./graph/builder.ts";
import type { Ops } from "./graph/ops.ts";

/**
 * Emits the nodes that compute the gradient of a scalar.
 * @param loss of one element
 * @param wrt values to differentiate by: inputs of the graph, or anything between
 * @returns a value of the same type for each of `wrt`, by name; none for those that the loss does not depend on
 * @throws NoGradientError for an operator between them that has no gradient
 */
export function differentiate(ops: Ops, loss: Value, wrt: readonly Value[]): ReadonlyMap<string, Value> {
  const tape = [...ops.tape];
  const active = dependents(tape, wrt);
  const pending = new Map<string, Value[]>([[loss.name, [ones(ops, loss)]]]);
  const total = (name: string): Value | undefined => {
    const [first, ...others] = pending.get(name) ?? [];
    if (first === undefined) return undefined;
    const sum = others.reduce((a, b) => ops.add(a, b), first);
    pending.set(name, [sum]);
    return sum;
  };
  for (const entry of tape.reverse()) {
    if (!entry.outputs.some(({ name }) => active.has(name))) continue;
    const parts = ops.within(`gradient of ${nodeName(entry.node)}`, () => {
      const gradients = entry.outputs.map(({ name }) => total(name));
      if (gradients.every((gradient) => gradient === undefined)) return [];
      return ruleOf(entry)(backward(ops, entry, gradients, active));
    });
    for (const [i, gradient] of parts.entries()) {
      const input = entry.inputs[i];
      if (input === undefined || gradient === undefined || !active.has(input.name)) continue;
      checkShape(entry.node, input, gradient);
      const list = pending.get(input.name);
      if (list === undefined) pending.set(input.name, [gradient]);
      else list.push(gradient);
    }
  }
  return new Map(
    wrt.flatMap(({ name }) => {
      const gradient = total(name);
      return gradient === undefined ? [] : [[name, gradient] as const];
    }),
  );
}

/** Names of float values that depend on any of `wrt`. */
function dependents(tape: readonly TapeEntry[], wrt: readonly Value[]): ReadonlySet<string> {
  const active = new Set(wrt.map(({ name }) => name));
  for (const { inputs, outputs } of tape) {
    if (!inputs.some((input) => input !== undefined && active.has(input.name))) continue;
    for (const { name, dtype } of outputs) if (dtypes[dtype].kind === "float") active.add(name);
  }
  return active;
}

function ones(ops: Ops, { dtype, shape }: Value): Value {
  return ops.expand(ops.scalar(1, dtype), shape);
}

/** An operator with its domain, as the tables name it. */
export function operatorKey({ domain, opType }: NodeProto): string {
  const canonical = canonicalDomain(domain);
  return canonical === "" ? opType : `${canonical}.${opType}`;
}

function ruleOf({ node, rule }: TapeEntry): GradientRule {
  const key = operatorKey(node);
  const known = rule ?? (Object.hasOwn(rules, key) ? rules[key] : undefined);
  if (known === undefined)
    throw new NoGradientError(
      nodeName(node),
      key,
      "it has no gradient; freeze the parameters before it, or replace it",
    );
  return known;
}

function backward(
  ops: Ops,
  { node, inputs, outputs }: TapeEntry,
  gradients: readonly (Value | undefined)[],
  active: ReadonlySet<string>,
): Backward {
  const fail = (detail: string): never => {
    throw new NoGradientError(nodeName(node), operatorKey(node), detail);
  };
  return {
    ops,
    node,
    inputs,
    outputs,
    gradients,
    input: (i) => inputs[i] ?? fail(`it needs input ${i}`),
    get dy() {
      return gradients[0] ?? fail("only its further outputs are used");
    },
    content: (i, what) => {
      const value = inputs[i] ?? fail(`it needs input ${i}, its ${what}`);
      return ops.content(value) ?? fail(`its ${what} are computed; make them constant`);
    },
    needs: (i) => active.has(inputs[i]?.name ?? ""),
    fail,
  };
}

/** A rule that gives another shape is a fault of this package, and would be a wrong gradient. */
function checkShape(node: NodeProto, input: Value, gradient: Value): void {
  if (input.shape.join() === gradient.shape.join()) return;
  throw new NoGradientError(
    nodeName(node),
    operatorKey(node),
    `the gradient of ${input.name} has the shape [${gradient.shape}] instead of [${input.shape}]`,
  );
}
