/** Einsum against its definition, Det against products, losses by hand. */
import { elementCount, scalar, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runOneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

/** The sum over all values of all letters of the product of the operands, term by term. */
function definition(
  terms: readonly string[],
  output: string,
  tensors: readonly { shape: readonly number[]; values: ArrayLike<number> }[],
) {
  const lengths = new Map<string, number>();
  for (const [i, term] of terms.entries())
    for (const [axis, letter] of [...term].entries()) lengths.set(letter, tensors[i]?.shape[axis] ?? 1);
  const letters = [...output, ...[...lengths.keys()].filter((letter) => !output.includes(letter))];
  const shape = [...output].map((letter) => lengths.get(letter) ?? 1);
  const sums = new Array<number>(elementCount(shape)).fill(0);
  const visit = (at: Map<string, number>): void => {
    const letter = letters[at.size];
    if (letter !== undefined) {
      for (let i = 0; i < (lengths.get(letter) ?? 1); i++) visit(new Map([...at, [letter, i]]));
      return;
    }
    const position = (term: string) =>
      [...term].reduce((sum, name) => sum * (lengths.get(name) ?? 1) + (at.get(name) ?? 0), 0);
    let product = 1;
    for (const [i, term] of terms.entries()) product *= tensors[i]?.values[position(term)] ?? Number.NaN;
    sums[position(output)]! += product;
  };
  visit(new Map());
  return { shape, sums };
}

const letter = fc.constantFrom(..."abcD");
const term = fc.array(letter, { maxLength: 3 }).map((letters) => letters.join(""));

test("Einsum is the sum of products that its equation says", async () => {
  const equations = fc.array(term, { minLength: 1, maxLength: 3 }).chain((terms) => {
    const used = [...new Set(terms.join(""))];
    return fc.tuple(
      fc.constant(terms),
      fc.shuffledSubarray(used).map((letters) => letters.join("")),
      fc.nat(99),
    );
  });
  await fc.assert(
    fc.asyncProperty(equations, fc.boolean(), async ([terms, output, seed], integers) => {
      const lengths: Readonly<Record<string, number>> = { a: 2, b: 3, c: 1, D: 2 };
      const inputs = terms.map((each, i) => {
        const shape = [...each].map((name) => lengths[name] ?? 1);
        return integers ? randomIntegers("int32", shape, seed + i, -5, 5) : randomFloats(shape, seed + i);
      });
      const expected = definition(
        terms,
        output,
        inputs.map((x) => ({ shape: x.shape, values: valuesOf(x) })),
      );
      const equation = `${terms.join(", ")} -> ${output}`;
      const { y0 } = await runOneNode({
        opType: "Einsum",
        inputs,
        attributes: { equation },
        outputs: [integers ? "int32" : "float32"],
      });
      expect(y0?.shape).toEqual(expected.shape);
      for (const [i, sum] of expected.sums.entries())
        expect(
          Math.abs((y0 === undefined ? Number.NaN : (valuesOf(y0)[i] ?? Number.NaN)) - sum),
          equation,
        ).toBeLessThan(1e-5);
    }),
    { numRuns: 40 },
  );
});

const x = tensor("float32", [2, 2], [1, 2, 3, 4]);
const transposed = tensor("float32", [2, 2], [1, 3, 2, 4]);

test.each([
  { equation: "ij", inputs: [x], result: x, why: "without an arrow names stay in order" },
  { equation: "ba", inputs: [x], result: transposed, why: "and are sorted" },
  { equation: "aB", inputs: [x], result: transposed, why: "capitals first" },
  { equation: "ii", inputs: [x], result: scalar("float32", 5), why: "names that repeat are summed" },
  { equation: "i...", inputs: [x], result: transposed, why: "after the ellipsis's axes" },
  { equation: "...j->j...", inputs: [x], result: transposed, why: "ellipsis" },
  {
    equation: "...,...->...",
    inputs: [x, tensor("float32", [2], [10, 100])],
    result: tensor("float32", [2, 2], [10, 200, 30, 400]),
    why: "ellipses broadcast",
  },
])("Einsum $equation: $why", async ({ equation, inputs, result }) => {
  const { y0 } = await runOneNode({
    opType: "Einsum",
    inputs,
    attributes: { equation },
    outputs: ["float32"],
  });
  expect(y0).toEqual(result);
});

test.each(["ij,jk", "i1", "ij->ijk", "i", "ij->ii", "ij->i->j", "......"])(
  "Einsum refuses %s",
  async (equation) => {
    const run = runOneNode({ opType: "Einsum", inputs: [x], attributes: { equation }, outputs: ["float32"] });
    await expect(run).rejects.toMatchObject({ code: "NODE", opType: "Einsum" });
  },
);

test("Det: products of diagonals, signs of exchanged rows, 0 where rows depend, 1 of nothing", async () => {
  const matrices = tensor(
    "float64",
    [3, 3, 3],
    [2, 7, 1, 0, 3, 5, 0, 0, 4, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 3, 2, 4, 6, 1, 1, 1],
  );
  expect((await runOneNode({ opType: "Det", inputs: [matrices], outputs: ["float64"] })).y0).toEqual(
    tensor("float64", [3], [24, -1, 0]),
  );
  const none = tensor("float32", [2, 0, 0]);
  expect((await runOneNode({ opType: "Det", inputs: [none], outputs: ["float32"] })).y0).toEqual(
    tensor("float32", [2], [1, 1]),
  );
});

test("NegativeLogLikelihoodLoss weighs and averages over what counts", async () => {
  const inputs = [
    tensor("float32", [2, 2], [-1, -2, -3, -4]),
    tensor("int32", [2], [1, 0]),
    tensor("float32", [2], [1, 3]),
  ];
  const loss = async (attributes: Record<string, string | bigint>, count = 3) =>
    (
      await runOneNode({
        opType: "NegativeLogLikelihoodLoss",
        inputs: inputs.slice(0, count),
        attributes,
        outputs: ["float32"],
      })
    ).y0;
  expect(await loss({ reduction: "none" })).toEqual(tensor("float32", [2], [6, 3]));
  expect(await loss({ reduction: "sum" }, 2)).toEqual(scalar("float32", 5));
  expect(await loss({})).toEqual(scalar("float32", 9 / 4));
  expect(await loss({ ignore_index: 1n })).toEqual(scalar("float32", 3));
  expect(await loss({ ignore_index: 0n }, 2)).toEqual(scalar("float32", 2));
});
