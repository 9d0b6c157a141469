/** Functions of one and two numbers over all of float32: every exponent, both signs, the edges of the polynomials. */
import { type BinaryFunction, plainFunctions, type UnaryFunction } from "@bitbudget/backend";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Numbers with evenly spread bit patterns, both signs of each, and denser ones where functions bend. */
const numbers: readonly number[] = (() => {
  const bits = Uint32Array.from({ length: 4001 }, (_, i) => Math.round((i * 0x7f800000) / 4000));
  const patterns = [...new Float32Array(bits.buffer)];
  const near = Array.from({ length: 2400 }, (_, i) => Math.fround((i - 1200) / 97));
  return [...patterns, ...patterns.map((x) => -x), ...near, nan];
})();

const parametrized: readonly UnaryFunction[] = [
  { fn: "clip", min: -0.75, max: 1.5 },
  { fn: "clip", min: 0, max: 6 },
  { fn: "clip", min: -0, max: 6 },
  { fn: "clip", min: -3, max: -0 },
  { fn: "clip", min: 2, max: 1 },
  { fn: "leakyRelu", alpha: 0.125 },
  { fn: "elu", alpha: 1 },
  { fn: "elu", alpha: 50 },
  { fn: "celu", alpha: 0.5 },
  { fn: "selu", alpha: Math.fround(1.6732632), gamma: Math.fround(1.050701) },
  { fn: "thresholdedRelu", alpha: 0.1 },
  { fn: "within", min: -0.1, max: 0.7 },
  { fn: "shrink", lambda: 0.1, bias: 0.25 },
  { fn: "hardSigmoid", alpha: 0.25, beta: 0.5 },
  { fn: "swish", alpha: 1 },
  { fn: "swish", alpha: -2 },
  { fn: "gelu", approximate: "none" },
  { fn: "gelu", approximate: "tanh" },
];

const ofFloats = plainFunctions
  .filter((fn) => fn !== "not" && fn !== "bitwiseNot")
  .map((fn): UnaryFunction => ({ fn }));

function overAll(value: UnaryFunction): Case {
  return defineCase(
    JSON.stringify(value),
    {
      op: "unary",
      inputs: [{ dtype: "float32", shape: [numbers.length] }],
      attributes: { function: value },
    },
    { inputs: [{ values: numbers }] },
  );
}

/** Every one of these with every other. */
const few = [
  ...[nan, inf, -inf, 0, -0, 1, -1, 0.5, -0.5, 2, 3, -3, 2.5, -2.5],
  ...[1e-40, -1e-40, 1e30, -1e30, 2 ** 24 + 2, 7, 10.75],
];

function ofPairs(fn: BinaryFunction, b: readonly number[], shape: readonly number[]): Case {
  return defineCase(
    `${fn} of all pairs with ${shape.length === 0 ? b[0] : "all"}`,
    {
      op: "binary",
      inputs: [
        { dtype: "float32", shape: [few.length, 1, few.length] },
        { dtype: "float32", shape },
      ],
      attributes: { function: fn },
    },
    { inputs: [{ values: few }, { values: b }] },
  );
}

const ofTwoFloats: readonly BinaryFunction[] = [
  ...(["add", "sub", "mul", "div", "pow", "min", "max", "mod", "fmod", "prelu"] as const),
  ...(["equal", "less", "lessOrEqual", "greater", "greaterOrEqual"] as const),
];

function ofOne(name: string, fn: "sin" | "cos" | "tan", x: number, expected: number): Case {
  return defineCase(
    name,
    { op: "unary", inputs: [{ dtype: "float32", shape: [1] }], attributes: { function: { fn } } },
    { inputs: [{ values: [x] }], expected: [[expected]] },
  );
}

describeInPieces([
  ...[...ofFloats, ...parametrized].map(overAll),
  ...ofTwoFloats.map((fn) => ofPairs(fn, few, [few.length, 1])),
  // Exponents that have a loop of their own.
  ...[2, 3, 0.5, -1, 0, 1.5, inf].map((exponent) => ofPairs("pow", [exponent], [])),
  // Worked out with 200 digits: numbers whose reduction takes a part of 2 / pi that starts at a whole word of it.
  ofOne("sine of 2^89", "sin", 2 ** 89, -0.53543468098995),
  ofOne("cosine of 2^100", "cos", 2 ** 100, 0.489178656974721),
]);
