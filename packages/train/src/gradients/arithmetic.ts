/** Gradients of arithmetic with broadcasting. */
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientTable } from "./rule.ts";

/** Sums the gradients over what was broadcast, and leaves out those that nobody needs. */
function pair(
  { ops, needs, input }: Backward,
  left: () => Value,
  right: () => Value,
): readonly (Value | undefined)[] {
  return [left, right].map((make, i) => (needs(i) ? ops.sumTo(make(), input(i).shape) : undefined));
}

/** The larger or the smaller of two, to which the gradient goes; where they are equal, to the first. */
function select(backward: Backward, wins: "GreaterOrEqual" | "LessOrEqual"): readonly (Value | undefined)[] {
  const { ops, inputs, node, dy, input } = backward;
  if (inputs.length === 1) return [dy];
  if (inputs.length !== 2)
    backward.fail(`${node.opType} of ${inputs.length} inputs; write it as several of two`);
  const first = ops.compare(wins, input(0), input(1));
  const zero = ops.scalar(0, dy.dtype);
  return pair(
    backward,
    () => ops.where(first, dy, zero),
    () => ops.where(first, zero, dy),
  );
}

export const arithmetic: GradientTable = {
  Add: (b) =>
    pair(
      b,
      () => b.dy,
      () => b.dy,
    ),
  Sub: (b) =>
    pair(
      b,
      () => b.dy,
      () => b.ops.neg(b.dy),
    ),
  Mul: (b) =>
    pair(
      b,
      () => b.ops.mul(b.dy, b.input(1)),
      () => b.ops.mul(b.dy, b.input(0)),
    ),
  Div: (b) =>
    pair(
      b,
      () => b.ops.div(b.dy, b.input(1)),
      // d(a / c) / dc = -y / c
      () => b.ops.neg(b.ops.div(b.ops.mul(b.dy, b.outputs[0]!), b.input(1))),
    ),
  Pow: (b) => {
    const { ops, dy } = b;
    const exponent = ops.content(b.input(1));
    const [known] = exponent?.length === 1 ? exponent : [];
    return pair(
      b,
      () => {
        if (known === 2) return ops.mul(ops.scale(dy, 2), b.input(0));
        if (b.input(1).dtype !== b.input(0).dtype) b.fail("its exponent has another type than its base");
        const power =
          known === undefined
            ? ops.pow(b.input(0), ops.shift(b.input(1), -1))
            : ops.pow(b.input(0), ops.scalar(known - 1, dy.dtype));
        return ops.mul(ops.mul(dy, b.input(1)), power);
      },
      () => ops.mul(ops.mul(dy, b.outputs[0]!), ops.unary("Log", b.input(0))),
    );
  },
  Sum: (b) => b.inputs.map((x, i) => (x && b.needs(i) ? b.ops.sumTo(b.dy, x.shape) : undefined)),
  Mean: (b) =>
    b.inputs.map((x, i) =>
      x && b.needs(i) ? b.ops.scale(b.ops.sumTo(b.dy, x.shape), 1 / b.inputs.length) : undefined,
    ),
  Max: (b) => select(b, "GreaterOrEqual"),
  Min: (b) => select(b, "LessOrEqual"),
  Where: (b) => {
    const { ops, dy } = b;
    const zero = ops.scalar(0, dy.dtype);
    const sides = [() => ops.where(b.input(0), dy, zero), () => ops.where(b.input(0), zero, dy)];
    const gradients = sides.map((make, i) =>
      b.needs(i + 1) ? ops.sumTo(make(), b.input(i + 1).shape) : undefined,
    );
    return [undefined, ...gradients];
  },
};
