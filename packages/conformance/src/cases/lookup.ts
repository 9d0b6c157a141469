/** Cases of lookup: every code in every pair of formats, lengths around the widths of vectors. */
import { type Case, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { shaped, shapeName, values } from "./helpers.ts";

const codes = ["uint8", "int8"] as const;

function lookUp(
  name: string,
  input: (typeof codes)[number],
  output: (typeof codes)[number],
  shape: readonly number[],
  x?: Recipe,
  table?: Recipe,
  expected?: readonly number[],
): Case {
  return defineCase(
    `lookup/${name}`,
    { op: "lookup", inputs: [shaped(input, ...shape)], attributes: { output } },
    {
      ...(x === undefined ? {} : { inputs: [x] }),
      ...(table === undefined ? {} : { weights: { table } }),
      ...(expected === undefined ? {} : { expected: [expected] }),
    },
  );
}

const counted = Array.from({ length: 256 }, (_, i) => i);

export const lookup: readonly Case[] = [
  ...codes.flatMap((input) =>
    codes.map((output) =>
      lookUp(
        `every-code/${input}-${output}`,
        input,
        output,
        [256],
        values(...counted.map((i) => (input === "int8" ? i - 128 : i))),
      ),
    ),
  ),
  ...[
    [],
    [0],
    [1],
    [3],
    [7],
    [8],
    [9],
    [15],
    [16],
    [17],
    [31],
    [32],
    [33],
    [63, 5],
    [1030],
    [2, 3, 4, 5],
  ].map((shape, i) =>
    lookUp(`shapes/${shapeName(shape)}`, codes[i % 2]!, codes[Math.floor(i / 2) % 2]!, shape),
  ),
  lookUp(
    "by-hand/order-of-bytes",
    "int8",
    "int8",
    [6],
    values(0, 1, 127, -128, -127, -1),
    values(...counted.map((i) => (i >> 1) - 64)),
    [-64, -64, -1, 0, 0, 63],
  ),
  lookUp(
    "by-hand/squares",
    "uint8",
    "uint8",
    [4],
    values(0, 3, 15, 16),
    values(...counted.map((i) => (i * i) % 256)),
    [0, 9, 225, 0],
  ),
];
