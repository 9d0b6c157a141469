/** Chains worked out by hand: roundings, ties, NaN and infinities. */
import type { Case } from "../case.ts";
import { binary, chain, toCodes, unary } from "./elementwise-chain.ts";
import { shaped, values } from "./helpers.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export const elementwiseEdges: readonly Case[] = [
  chain("by-hand/residual", [shaped("uint8", 2, 3), shaped("int8", 3)], {
    constants: [0.5, 128, 0.25, 0, 0.5, 10],
    steps: [
      { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
      { kind: "dequantize", of: 1, scale: 4, zeroPoint: 5 },
      binary("add", 8, 9),
      unary("relu", 10),
      toCodes(11, 6, 7, "uint8"),
    ],
    recipes: [values(128, 130, 126, 255, 0, 129), values(0, 4, -1)],
    // a: 0 1 -1 / 63.5 -64 0.5, b: 0 1 -0.25; halves from 10 on; 0.25 / 0.5 is a tie and goes to 0.
    expected: [10, 14, 10, 137, 10, 10],
  }),
  chain("by-hand/rounds-each-step", [shaped("float32", 2)], {
    constants: [2 ** -24, 1],
    steps: [binary("add", 0, 1), binary("add", 3, 2), binary("sub", 4, 0)],
    recipes: [values(1, 2 ** 24)],
    expected: [1, 0],
  }),
  // (1 + 2 ** -12) squared is a tie that goes to 1 + 2 ** -11; a fused multiply-add would leave 2 ** -24.
  ...([1, 5, 16] as const).map((length) =>
    chain(`by-hand/no-fused-multiply-add/${length}`, [shaped("float32", length)], {
      constants: [-(1 + 2 ** -11)],
      steps: [binary("mul", 0, 0), binary("add", 2, 1)],
      recipes: [values(1 + 2 ** -12)],
      expected: Array.from({ length }, () => 0),
    }),
  ),
  chain("by-hand/quotient-in-float32", [shaped("float32", 1)], {
    constants: [0.5128602981567383, 0],
    steps: [toCodes(0, 1, 2, "int8")],
    recipes: [values(33.079490661621094)],
    expected: [64],
  }),
  chain("by-hand/ties", [shaped("float32", 9)], {
    constants: [1, 3],
    steps: [unary("neg", 0), toCodes(3, 1, 2, "uint8")],
    recipes: [values(-0.5, -1.5, -2.5, 0.5, 1.5, -252, -252.5, 3.5, 1e30)],
    expected: [3, 5, 5, 3, 1, 255, 255, 0, 0],
  }),
  chain("by-hand/special-to-codes", [shaped("float32", 5)], {
    constants: [1, 7],
    steps: [unary("relu", 0), toCodes(3, 1, 2, "int8")],
    recipes: [values(nan, inf, -inf, -0, 2)],
    expected: [7, 127, 7, 7, 9],
  }),
  chain("by-hand/special", [shaped("float32", 6), shaped("float32", 6)], {
    constants: [0],
    steps: [binary("max", 0, 1), binary("add", 3, 2)],
    recipes: [values(nan, inf, -inf, -0, 1, -1), values(1, nan, -inf, 0, inf, 2)],
    expected: [nan, nan, -inf, 0, inf, 2],
  }),
  chain("by-hand/prelu-by-rows", [shaped("float32", 2, 2), shaped("float32", 2)], {
    constants: [1],
    steps: [binary("prelu", 0, 1), binary("sub", 3, 2)],
    recipes: [values(-2, -2, 3, -0.5), values(0.25, 0.5)],
    expected: [-1.5, -2, 2, -1.25],
  }),
];
