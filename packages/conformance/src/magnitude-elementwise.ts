/**
 * The yardstick of a chain of functions: an error analysis that runs along (Higham, "Accuracy and Stability of Numerical
 * Algorithms", section 3.3). Each value carries how far another backend may be from it: the function at both ends of
 * what its operands may be, plus a rounding, plus the tolerance of the function itself. The magnitude is the number
 * whose last place is that large.
 */
import { type AnySpec, type ElementwiseStep, type KernelSpec, stepTolerance } from "@bitbudget/backend";
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type Problem, solve } from "./oracle.ts";
import { ulpOf } from "./ulp.ts";

/** Numbers, and how far each may be off. */
interface Uncertain {
  readonly shape: readonly number[];
  readonly numbers: ArrayLike<number>;
  readonly errors: ArrayLike<number>;
}

/** 2 ** 24 is the smallest number of float32 whose last place is 2. */
const NUMBER_OF_LAST_PLACE = 2 ** 24;

export async function elementwiseMagnitude(
  spec: KernelSpec<"elementwise">,
  { inputs, weights }: Omit<Problem, "spec">,
): Promise<ArrayLike<number>> {
  const values = inputs.map((input) => certain(input.shape, valuesOf(input)));
  for (const constant of weights.constants === undefined ? [] : valuesOf(weights.constants))
    values.push(certain([], [constant]));
  for (const step of spec.attributes.steps) values.push(await after(step, values));
  return Float64Array.from(values.at(-1)?.errors ?? [], (error) => error * NUMBER_OF_LAST_PLACE);
}

function certain(shape: readonly number[], numbers: ArrayLike<number>): Uncertain {
  return { shape, numbers, errors: new Float64Array(elementCount(shape)) };
}

async function after(step: ElementwiseStep, values: readonly Uncertain[]): Promise<Uncertain> {
  const at = (value: number) => values[value] ?? certain([], [0]);
  if (step.kind === "dequantize") {
    const { shape, numbers } = at(step.of);
    const [scale, zeroPoint] = [at(step.scale).numbers[0] ?? 0, at(step.zeroPoint).numbers[0] ?? 0];
    return certain(
      shape,
      Float64Array.from(numbers, (code) => Math.fround((code - zeroPoint) * scale)),
    );
  }
  if (step.kind === "quantize") throw new Error("codes are exact: they have no magnitude");
  const operands = (step.kind === "binary" ? step.of : [step.of]).map(at);
  const [middle, ...ends] = await Promise.all(
    corners(operands.length).map((signs) => apply(step, operands, signs)),
  );
  // Whether an error comes in at all, broadcast as the operands are.
  const shape = middle?.shape ?? [];
  const numbers = Float64Array.from(middle === undefined ? [] : valuesOf(middle), Math.fround);
  const incoming = valuesOf(await sumOfErrors(operands));
  const { ulp, absolute = 0 } = stepTolerance(step);
  const others = ends.map((end) => valuesOf(end));
  const errors = numbers.map((number, i) => {
    const place = ulpOf(number, "float32");
    const own = Math.max(ulp * place, absolute);
    if ((incoming[i] ?? 0) === 0) return own;
    const spread = Math.max(...others.map((other) => Math.abs((other[i] ?? 0) - number)));
    return spread + place + own;
  });
  return { shape, numbers, errors };
}

/** The middle, then every end of a range of one operand or of two: how often the error is added to each. */
function corners(count: number): readonly (readonly number[])[] {
  const signs = [-1, 1];
  const ends = count === 1 ? signs.map((sign) => [sign]) : signs.flatMap((a) => signs.map((b) => [a, b]));
  return [Array.from({ length: count }, () => 0), ...ends];
}

async function apply(
  step: Extract<ElementwiseStep, { kind: "unary" | "binary" }>,
  operands: readonly Uncertain[],
  signs: readonly number[],
): Promise<HostTensor> {
  const inputs = operands.map(({ shape, numbers, errors }, k) =>
    tensor(
      "float64",
      shape,
      Float64Array.from(numbers, (x, i) => x + (signs[k] ?? 0) * (errors[i] ?? 0)),
    ),
  );
  const types = inputs.map(({ dtype, shape }) => ({ dtype, shape }));
  const spec: AnySpec =
    step.kind === "unary"
      ? { op: "unary", inputs: types, attributes: { function: step.function } }
      : { op: "binary", inputs: types, attributes: { function: step.function } };
  const [result] = await solve({ spec, inputs, weights: {} });
  if (result === undefined) throw new Error(`${step.kind} has one output`);
  return result;
}

function sumOfErrors(operands: readonly Uncertain[]): Promise<HostTensor> {
  const [first, second] = operands.map(({ shape, errors }) => ({ shape, numbers: errors, errors }));
  const none = certain([], [0]);
  return apply({ kind: "binary", function: "add", of: [0, 0] }, [first ?? none, second ?? none], [0, 0]);
}
