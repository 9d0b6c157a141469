/** Operators that work element by element: the shape is that of the input, or of the inputs broadcast together. */
import type { ElementType } from "../tensor/formats.ts";
import { broadcast, broadcastIndices } from "./broadcast.ts";
import { represented } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { knownShape, MOST_DATA, type Shape, tensor, type Value } from "./value.ts";

/** Output like the first input. */
export const likeInput: Rule = (op) => [tensor(op.dtype(0), op.shape(0))];

/** The shape of the first input, as bool. */
const predicate: Rule = (op) => [tensor("bool", op.shape(0))];

type Fold = (...elements: MaybeDim[]) => MaybeDim;

/** Output like the first input, contents too where a fold is given. */
function unary(fold: Fold): Rule {
  return (op) => [
    tensor(
      op.dtype(0),
      op.shape(0),
      op.data(0)?.map((element) => fold(element)),
    ),
  ];
}

/** Broadcast of all inputs, in the format of the first or another one. */
function elementwise(fold?: Fold, dtype?: ElementType): Rule {
  return (op) => {
    const inputs = op.node.input.map((_, i) => op.input(i));
    const shape = broadcast(
      op,
      inputs.map((input) => input.shape),
    );
    const known = inputs.find((input) => input.dtype !== undefined)?.dtype;
    const type = dtype ?? known;
    return [tensor(type, shape, fold === undefined ? undefined : folded(inputs, shape, fold, type))];
  };
}

/** Sizes are computed from few at a time. */
const MOST_OPERANDS = 8;

/** Contents of the result, when those of all inputs are known and few. */
function folded(
  inputs: readonly Value[],
  shape: Shape | undefined,
  fold: Fold,
  dtype: ElementType | undefined,
): Shape | undefined {
  const to = knownShape(shape);
  if (to === undefined || to.reduce((product, dim) => product * dim, 1) > MOST_DATA) return undefined;
  if (inputs.length > MOST_OPERANDS) return undefined;
  const operands: (readonly MaybeDim[])[] = [];
  for (const { shape: from, data } of inputs) {
    const known = knownShape(from);
    if (known === undefined || data === undefined) return undefined;
    operands.push(broadcastIndices(known, to).map((index) => data[index]));
  }
  const [first = []] = operands;
  return first.map((_, i) => represented(fold(...operands.map((operand) => operand[i])), dtype));
}

function numeric(compute: (a: number, b: number) => number): Fold {
  return (a, b) => (typeof a === "number" && typeof b === "number" ? compute(a, b) : undefined);
}

/** Integer division rounds toward zero; for sizes, which are not negative, that is down. */
function divide(op: Op): Fold {
  const isFloat = op.dtype(0)?.includes("float") ?? true;
  return (a, b) => {
    if (typeof a === "number" && typeof b === "number")
      return b === 0 ? undefined : isFloat ? a / b : Math.trunc(a / b);
    return isFloat ? dims.exactQuotient(a, b) : dims.floorDivide(a, b);
  };
}

const equal: Fold = (a, b) => {
  if (dims.same(a, b)) return 1;
  return typeof a === "number" && typeof b === "number" ? 0 : undefined;
};

const truth = (compare: (a: number, b: number) => boolean): Fold =>
  numeric((a, b) => (compare(a, b) ? 1 : 0));

/** Exact for numbers with a fraction too, which sizes never have. */
const multiply: Fold = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a * b : dims.multiply(a, b);
const addUp: Fold = (a, b) => (typeof a === "number" && typeof b === "number" ? a + b : dims.add(a, b));
const subtract: Fold = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : dims.subtract(a, b);

const all =
  (fold: Fold): Fold =>
  (first, ...rest) =>
    rest.reduce<MaybeDim>((a, b) => fold(a, b), first);

/** Floats with nothing to fold: activations, and functions of one argument. */
const alike = [
  ...[
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Cos",
    "Cosh",
    "Sin",
    "Sinh",
    "Tan",
    "Tanh",
    "Erf",
    "Exp",
  ],
  ...[
    "Log",
    "Reciprocal",
    "Sqrt",
    "Sign",
    "Celu",
    "Elu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Mish",
    "Selu",
  ],
  ...[
    "Shrink",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Swish",
    "ThresholdedRelu",
    "BitwiseNot",
    "PRelu",
    "Clip",
    "Trilu",
  ],
  ...["Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "LRN", "MeanVarianceNormalization"],
  ...[
    "SwiGLU",
    "TensorScatter",
    "CumSum",
    "CumProd",
    "ReverseSequence",
    "InstanceNormalization",
    "GroupNormalization",
  ],
];

const where: Rule = (op) => {
  const inputs = [op.input(0), op.input(1), op.input(2)];
  const shape = broadcast(
    op,
    inputs.map((input) => input.shape),
  );
  const choose: Fold = (condition, yes, no) => {
    if (typeof condition === "number") return condition !== 0 ? yes : no;
    return dims.same(yes, no) ? yes : undefined;
  };
  const dtype = op.dtype(1) ?? op.dtype(2);
  return [tensor(dtype, shape, folded(inputs, shape, choose, dtype))];
};

function cast(op: Op, dtype: ElementType | undefined): Value[] {
  const toInteger = dtype !== undefined && /^u?int/.test(dtype);
  const converted = (element: MaybeDim): MaybeDim => {
    if (typeof element !== "number") return element;
    if (dtype === "bool") return element !== 0 ? 1 : 0;
    return toInteger ? Math.trunc(element) : element;
  };
  const data = op.data(0)?.map((element) => represented(converted(element), dtype));
  return [tensor(dtype, op.shape(0), data)];
}

/** Bits under another format of the same width. */
const bitCast: Rule = (op) => [tensor(op.dtypeOf(op.int("to")), op.shape(0))];

const dropout: Rule = (op) => {
  const maskType = op.version >= 10 ? "bool" : op.dtype(0);
  return [tensor(op.dtype(0), op.shape(0)), tensor(maskType, op.shape(0))];
};

/** The sign of the divisor, or with `fmod` that of the dividend, as in C. */
const mod: Rule = (op) => {
  const remainder =
    op.int("fmod", 0) !== 0
      ? (a: number, b: number) => a % b
      : (a: number, b: number) => a - b * Math.floor(a / b);
  return elementwise(numeric((a, b) => (b === 0 ? Number.NaN : remainder(a, b))))(op);
};

export const elementwiseRules: Rules = {
  ...Object.fromEntries(alike.map((name) => [name, likeInput])),
  Identity: (op) => [op.input(0)],
  Abs: unary((a) => (typeof a === "number" ? Math.abs(a) : undefined)),
  Neg: unary((a) => (typeof a === "number" ? -a : dims.multiply(a, -1))),
  Ceil: unary((a) => (typeof a === "number" ? Math.ceil(a) : a)),
  Floor: unary((a) => (typeof a === "number" ? Math.floor(a) : a)),
  Round: likeInput,
  Relu: unary((a) => (typeof a === "number" ? Math.max(a, 0) : undefined)),
  Not: unary((a) => (typeof a === "number" ? 1 - a : undefined)),
  Add: elementwise(addUp),
  Sub: elementwise(subtract),
  Mul: elementwise(multiply),
  Div: (op) => elementwise(divide(op))(op),
  Mod: mod,
  Pow: (op) =>
    elementwise(
      numeric((a, b) => a ** b),
      op.dtype(0),
    )(op),
  And: elementwise(
    truth((a, b) => a !== 0 && b !== 0),
    "bool",
  ),
  Or: elementwise(
    truth((a, b) => a !== 0 || b !== 0),
    "bool",
  ),
  Xor: elementwise(
    truth((a, b) => (a !== 0) !== (b !== 0)),
    "bool",
  ),
  BitShift: elementwise(),
  BitwiseAnd: elementwise(),
  BitwiseOr: elementwise(),
  BitwiseXor: elementwise(),
  Equal: elementwise(equal, "bool"),
  Greater: elementwise(
    truth((a, b) => a > b),
    "bool",
  ),
  GreaterOrEqual: elementwise(
    truth((a, b) => a >= b),
    "bool",
  ),
  Less: elementwise(
    truth((a, b) => a < b),
    "bool",
  ),
  LessOrEqual: elementwise(
    truth((a, b) => a <= b),
    "bool",
  ),
  IsInf: predicate,
  IsNaN: predicate,
  Max: elementwise(all(dims.maximum)),
  Min: elementwise(all(dims.minimum)),
  Sum: elementwise(all(addUp)),
  Mean: elementwise(),
  Where: where,
  Cast: (op) => cast(op, op.dtypeOf(op.int("to"))),
  CastLike: (op) => cast(op, op.dtype(1)),
  BitCast: bitCast,
  Dropout: dropout,
};
