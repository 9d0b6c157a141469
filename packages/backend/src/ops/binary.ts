/** binary: one function of each pair of elements, with broadcasting (ONNX elementwise operators). */
import type { DType } from "@bitbudget/core";
import { exact, type Tolerance, ulps } from "../tolerance.ts";
import { broadcastShapes } from "./broadcast.ts";
import {
  check,
  checkComputable,
  checkInputCount,
  input,
  isFloat,
  type OpDefinition,
  size,
} from "./definition.ts";

type Family = "arithmetic" | "comparison" | "logical" | "bitwise";

/** Families decide dtypes; tolerances are of float results. */
const functions = {
  add: ["arithmetic", exact],
  sub: ["arithmetic", exact],
  mul: ["arithmetic", exact],
  div: ["arithmetic", ulps(3)],
  /** Integer powers of integers wrap; 0 ** 0 is 1. */
  pow: ["arithmetic", ulps(64)],
  min: ["arithmetic", exact],
  max: ["arithmetic", exact],
  /** Sign of the divisor, as in Python; ONNX Mod with fmod = 0. */
  mod: ["arithmetic", exact],
  /** Sign of the dividend, as in C; ONNX Mod with fmod = 1. */
  fmod: ["arithmetic", exact],
  /** a where a >= 0, else a * b: ONNX PRelu. */
  prelu: ["arithmetic", exact],
  equal: ["comparison", exact],
  less: ["comparison", exact],
  lessOrEqual: ["comparison", exact],
  greater: ["comparison", exact],
  greaterOrEqual: ["comparison", exact],
  and: ["logical", exact],
  or: ["logical", exact],
  xor: ["logical", exact],
  bitwiseAnd: ["bitwise", exact],
  bitwiseOr: ["bitwise", exact],
  bitwiseXor: ["bitwise", exact],
  shiftLeft: ["bitwise", exact],
  shiftRight: ["bitwise", exact],
} as const satisfies Record<string, readonly [Family, Tolerance]>;

export type BinaryFunction = keyof typeof functions;

export interface BinaryAttributes {
  readonly function: BinaryFunction;
}

function outputDtype(fn: BinaryFunction, dtype: DType): DType {
  const family = functions[fn][0];
  return family === "comparison" || family === "logical" ? "bool" : dtype;
}

export const binary: OpDefinition<"binary"> = {
  op: "binary",
  summary: "one function of each pair of elements, broadcast",
  onnx: [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Min",
    "Max",
    "Mod",
    "PRelu",
    "Equal",
    "Less",
    "Greater",
    "And",
    "Or",
    "Xor",
  ],
  outputs(spec) {
    checkInputCount(spec, 2);
    const { function: fn } = spec.attributes;
    check(Object.hasOwn(functions, fn), spec, "attributes.function", `is unknown: ${fn}`);
    const a = input(spec, 0);
    checkComputable(spec, "inputs[0].dtype", a.dtype);
    const b = input(spec, 1);
    check(a.dtype === b.dtype, spec, "inputs[1].dtype", `must be ${a.dtype} like the first`);
    const [family] = functions[fn];
    const suits =
      family === "logical"
        ? a.dtype === "bool"
        : family === "bitwise"
          ? !isFloat(a.dtype) && a.dtype !== "bool"
          : a.dtype !== "bool" || fn === "equal";
    check(suits, spec, "inputs[0].dtype", `of ${fn} must not be ${a.dtype}`);
    return [{ dtype: outputDtype(fn, a.dtype), shape: broadcastShapes(spec, a.shape, b.shape) }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: outputDtype(spec.attributes.function, dtype) };
  },
  operations: (spec) => size(broadcastShapes(spec, input(spec, 0).shape, input(spec, 1).shape)),
  tolerance(spec) {
    const { dtype } = input(spec);
    return isFloat(dtype) ? functions[spec.attributes.function][1] : exact;
  },
};

export const binaryFunctions = Object.keys(functions).filter((name): name is BinaryFunction =>
  Object.hasOwn(functions, name),
);
