/** Cases of unary: every function on every format it takes, over the part of its domain where formats agree. */
import { type PlainFunction, plainFunctions, type UnaryFunction } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { FLOAT32, floats, integers, shaped, values } from "./helpers.ts";

export const parametrized: readonly UnaryFunction[] = [
  { fn: "clip", min: -0.75, max: 1.5 },
  { fn: "clip", min: 0 },
  { fn: "clip", max: 0.25 },
  { fn: "clip" },
  { fn: "within", min: -0.75, max: 1.5 },
  { fn: "within", min: 0 },
  { fn: "within", max: 0.25 },
  { fn: "leakyRelu", alpha: 0.01 },
  { fn: "elu", alpha: 1 },
  { fn: "celu", alpha: 2 },
  { fn: "selu", alpha: 1.6732632, gamma: 1.050701 },
  { fn: "thresholdedRelu", alpha: 1 },
  { fn: "hardSigmoid", alpha: 0.2, beta: 0.5 },
  { fn: "swish", alpha: 1 },
  { fn: "swish", alpha: 1.702 },
  { fn: "shrink", lambda: 0.5, bias: 0.25 },
  { fn: "gelu", approximate: "none" },
  { fn: "gelu", approximate: "tanh" },
];

/** Where a function is defined, and its float16 results are finite. The others take -8 to 8. */
export const domains: { readonly [F in UnaryFunction["fn"]]?: readonly [number, number] } = {
  sqrt: [0, 1000],
  log: [0.001, 1000],
  reciprocal: [0.01, 10],
  sin: [-3, 3],
  cos: [-3, 3],
  tan: [-1.4, 1.4],
  asin: [-1, 1],
  acos: [-1, 1],
  acosh: [1, 100],
  atanh: [-0.98, 0.98],
  floor: [-100, 100],
  ceil: [-100, 100],
  round: [-100, 100],
};

const onFloats = plainFunctions.filter((fn) => fn !== "not" && fn !== "bitwiseNot" && fn !== "identity");
const onIntegers = ["abs", "neg", "sign", "relu", "bitwiseNot"] as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export function functionName(value: UnaryFunction): string {
  const { fn, ...parameters } = value;
  return [fn, ...Object.entries(parameters).map(([name, parameter]) => `${name}${parameter}`)].join("-");
}

function on(fn: UnaryFunction, dtype: DType, shape: readonly number[], recipe: Recipe, suffix = ""): Case {
  const spec = { op: "unary", inputs: [shaped(dtype, ...shape)], attributes: { function: fn } } as const;
  return defineCase(`unary/${functionName(fn)}/${dtype}${suffix}`, spec, { inputs: [recipe] });
}

function byHand(
  name: string,
  fn: UnaryFunction | PlainFunction,
  dtype: DType,
  x: readonly number[],
  expected: readonly number[],
): Case {
  const value: UnaryFunction = typeof fn === "string" ? { fn } : fn;
  const spec = { op: "unary", inputs: [shaped(dtype, x.length)], attributes: { function: value } } as const;
  return defineCase(`unary/${functionName(value)}/${dtype}/${name}`, spec, {
    inputs: [values(...x)],
    expected: [expected],
  });
}

export const unary: readonly Case[] = [
  ...[...onFloats.map((fn): UnaryFunction => ({ fn })), ...parametrized].flatMap((value) => {
    const [min, max] = domains[value.fn] ?? [-8, 8];
    return floats.map((dtype) => on(value, dtype, [3, 13], { min, max }));
  }),
  ...[...floats, ...integers, "bool" as const].map((dtype) =>
    on({ fn: "identity" }, dtype, [2, 3, 7], dtype === "bool" ? { min: 0, max: 1 } : { min: 0, max: 100 }),
  ),
  ...onIntegers.flatMap((fn) => integers.map((dtype) => on({ fn }, dtype, [37], { min: -100, max: 100 }))),
  ...integers.map((dtype) => on({ fn: "clip", min: 3, max: 50 }, dtype, [37], { min: -100, max: 100 })),
  ...[1, 7, 8, 9, 31, 32, 33, 65, 1030].map((length) =>
    on({ fn: "relu" }, "float32", [length], { min: -2, max: 2 }, `/length${length}`),
  ),
  on({ fn: "relu" }, "float32", [], { min: 1, max: 2 }, "/scalar"),
  on({ fn: "tanh" }, "float32", [0, 3], { min: 1, max: 2 }, "/empty"),

  byHand(
    "special",
    "identity",
    "float32",
    [nan, inf, -inf, 0, -0, FLOAT32.largest],
    [nan, inf, -inf, 0, -0, FLOAT32.largest],
  ),
  byHand("special", "abs", "float32", [nan, inf, -inf, 0, -0, -1.5], [nan, inf, inf, 0, 0, 1.5]),
  byHand("special", "neg", "float32", [nan, inf, -inf, 0, -0, -1.5], [nan, -inf, inf, -0, 0, 1.5]),
  byHand("special", "relu", "float32", [nan, inf, -inf, 0, -0, -1.5, 2], [nan, inf, 0, 0, 0, 0, 2]),
  byHand(
    "special",
    { fn: "clip", min: -1, max: 1 },
    "float32",
    [nan, inf, -inf, 2, -2, 0.5],
    [nan, 1, -1, 1, -1, 0.5],
  ),
  byHand("special", "isNaN", "float32", [nan, inf, -inf, 0, 1], [1, 0, 0, 0, 0]),
  byHand("special", "isInf", "float32", [nan, inf, -inf, 0, FLOAT32.largest], [0, 1, 1, 0, 0]),
  byHand("special", "isNaN", "float16", [nan, inf, 0], [1, 0, 0]),
  byHand("special", "isInf", "bfloat16", [nan, inf, -inf, 1], [0, 1, 1, 0]),
  byHand(
    "ties",
    "round",
    "float32",
    [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 4.4999995, 2 ** 23 + 1, inf],
    [0, 2, 2, -0, -2, -2, 4, 2 ** 23 + 1, inf],
  ),
  byHand(
    "by-hand",
    "floor",
    "float32",
    [-0.5, 0.5, -1, 2 ** 24, -1.0000001, -0],
    [-1, 0, -1, 2 ** 24, -2, -0],
  ),
  byHand("by-hand", "ceil", "float32", [-0.5, 0.5, -1, 2 ** 24, 1.0000001, -0], [-0, 1, -1, 2 ** 24, 2, -0]),
  byHand("by-hand", "sign", "float32", [-3, 0, 1e-30, -inf], [-1, 0, 1, -1]),
  byHand("by-hand", "sqrt", "float32", [0, 1, 4, 2.25], [0, 1, 2, 1.5]),
  byHand("by-hand", "exp", "float32", [0, -inf], [1, 0]),
  byHand("by-hand", "sigmoid", "float32", [0, -100, 100], [0.5, 3.7200759760208356e-44, 1]),
  byHand("by-hand", "hardSwish", "float32", [-4, -3, 0, 3, 5], [0, 0, 0, 3, 5]),
  byHand(
    "by-hand",
    { fn: "hardSigmoid", alpha: 0.25, beta: 0.5 },
    "float32",
    [-4, -2, 0, 1, 2, 9],
    [0, 0, 0.5, 0.75, 1, 1],
  ),
  byHand(
    "by-hand",
    { fn: "shrink", lambda: 0.5, bias: 0.25 },
    "float32",
    [-1, -0.5, 0, 0.5, 2],
    [-0.75, 0, 0, 0, 1.75],
  ),
  byHand(
    "subnormal",
    "neg",
    "float32",
    [FLOAT32.smallest, FLOAT32.smallestNormal / 2],
    [-FLOAT32.smallest, -FLOAT32.smallestNormal / 2],
  ),
  byHand("subnormal", "relu", "float32", [FLOAT32.smallest, -FLOAT32.smallest], [FLOAT32.smallest, 0]),
  byHand("zeros", "relu", "float32", [-0, 0], [0, 0]),
  byHand("zeros", "sign", "float32", [-0, 0], [0, 0]),
  byHand("zeros", { fn: "clip", min: 0 }, "float32", [-0, 0, -1], [0, 0, 0]),
  byHand(
    "bounds",
    { fn: "within", min: -1, max: 2 },
    "float32",
    [-1, -0.5, 0, 2, nan, 1.5],
    [0, 1, 1, 0, 0, 1],
  ),
  byHand("unbounded", { fn: "within" }, "float32", [-inf, -1, inf, nan], [0, 1, 0, 0]),
  byHand("nan", { fn: "thresholdedRelu", alpha: 1 }, "float32", [nan, 1, 2], [0, 0, 2]),
  byHand("nan", { fn: "shrink", lambda: 0.5, bias: 0 }, "float32", [nan, 1], [0, 1]),
  byHand("infinity", { fn: "gelu", approximate: "none" }, "float32", [-inf, inf], [nan, inf]),
  byHand("infinity", { fn: "swish", alpha: 1 }, "float32", [-inf, inf], [nan, inf]),
  byHand("infinity", "softsign", "float32", [-inf, inf], [nan, nan]),
  // Integers wrap: there is no 128 in int8.
  byHand("wraps", "abs", "int8", [-128, -127, 127], [-128, 127, 127]),
  byHand("wraps", "neg", "int8", [-128, 127, 0], [-128, -127, 0]),
  byHand("wraps", "neg", "uint8", [1, 255, 0], [255, 1, 0]),
  byHand("wraps", "neg", "int32", [-(2 ** 31), 1], [-(2 ** 31), -1]),
  byHand("by-hand", "bitwiseNot", "uint8", [0, 255, 1], [255, 0, 254]),
  byHand("by-hand", "bitwiseNot", "int32", [0, -1, 7], [-1, 0, -8]),
  byHand("by-hand", "not", "bool", [0, 1, 1], [1, 0, 0]),
];
