/** Moves around tiles, vectors and runs, of elements of every size; and indices that select nothing. */

import type { AnySpec } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-wasm";
import type { DType } from "@bitbudget/core";
import { expect, test } from "vitest";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const dtypes = ["int8", "float16", "float32", "int64"] as const;

function move(spec: AnySpec): Case {
  const { op, inputs, attributes } = spec;
  const types = inputs.map(({ dtype, shape }) => `${dtype} ${shape.join("x")}`);
  return defineCase(`${op} of ${types.join(", ")} ${JSON.stringify(attributes)}`, spec);
}

function of(dtype: DType, ...shape: readonly number[]) {
  return { dtype, shape };
}

const cases = dtypes.flatMap((dtype): Case[] => [
  ...[2, 4, 8, 9, 17, 33, 70].flatMap((rows) =>
    [3, 8, 16, 35].map((columns) =>
      move({ op: "transpose", inputs: [of(dtype, 2, rows, columns)], attributes: { perm: [0, 2, 1] } }),
    ),
  ),
  ...[
    [0, 2, 1, 3],
    [3, 1, 2, 0],
    [2, 3, 0, 1],
    [1, 3, 2, 0],
    [3, 0, 1, 2],
  ].flatMap((perm) =>
    [1, 2, 8, 21].map((last) =>
      move({ op: "transpose", inputs: [of(dtype, 3, 9, 5, last)], attributes: { perm } }),
    ),
  ),
  ...[
    { starts: [1, 0, 3], steps: [1, 1, 1], sizes: [2, 5, 9] },
    { starts: [0, 4, 0], steps: [2, -1, 1], sizes: [2, 5, 23] },
    { starts: [2, 1, 22], steps: [-1, 2, -2], sizes: [3, 2, 11] },
    { starts: [0, 0, 1], steps: [1, 1, 3], sizes: [3, 5, 7] },
    { starts: [1, 2, 7], steps: [1, 1, 1], sizes: [1, 1, 1] },
  ].map((attributes) => move({ op: "slice", inputs: [of(dtype, 3, 5, 23)], attributes })),
  ...(
    [
      [[1], [37]],
      [
        [5, 1],
        [5, 37],
      ],
      [
        [1, 7],
        [9, 7],
      ],
      [
        [3, 1, 2],
        [3, 4, 2],
      ],
      [
        [2, 1, 19, 1],
        [2, 3, 19, 5],
      ],
      [
        [1, 1],
        [0, 3],
      ],
    ] as const
  ).map(([from, shape]) => move({ op: "expand", inputs: [of(dtype, ...from)], attributes: { shape } })),
  move({
    op: "concat",
    inputs: [of(dtype, 3, 2), of(dtype, 3, 19), of(dtype, 3, 1)],
    attributes: { axis: 1 },
  }),
  move({ op: "concat", inputs: [of(dtype, 700, 3), of(dtype, 1500, 3)], attributes: { axis: 0 } }),
  ...(["constant", "reflect", "edge", "wrap"] as const).flatMap((mode) =>
    [
      {
        shape: [2, 5, 4, 3],
        pads: [
          [0, 0],
          [1, 2],
          [3, 0],
          [0, 0],
        ],
      },
      {
        shape: [2, 3, 5, 9],
        pads: [
          [0, 0],
          [0, 0],
          [2, 1],
          [4, 17],
        ],
      },
      {
        shape: [3, 5, 9],
        pads: [
          [1, 0],
          [-1, 2],
          [1, -3],
        ],
      },
      {
        shape: [4, 6],
        pads: [
          [2, 1],
          [0, 0],
        ],
      },
    ].map(({ shape, pads }) =>
      move({
        op: "pad",
        inputs: [of(dtype, ...shape)],
        attributes: { mode, value: 3, pads: pads.map(([before = 0, after = 0]) => [before, after] as const) },
      }),
    ),
  ),
]);

function picked(dtype: DType, shape: readonly number[], indices: readonly number[], axis: number): Case {
  const length = shape[axis] ?? 1;
  return defineCase(
    `gather of ${dtype} ${shape.join("x")} by ${indices.join("x")} along ${axis}`,
    { op: "gather", inputs: [of(dtype, ...shape), of("int32", ...indices)], attributes: { axis } },
    {
      inputs: [
        { min: -100, max: 100 },
        { min: -length, max: length - 1 },
      ],
    },
  );
}

describeInPieces([
  ...cases,
  ...dtypes.flatMap((dtype) => [
    ...[1, 2, 3, 5, 8, 21, 64].map((inner) => picked(dtype, [3, 7, inner], [11], 1)),
    picked(dtype, [40], [2, 9], 0),
  ]),
]);

test.for([
  [[1, 5, 0], { index: 5, position: 1, length: 5 }],
  [[-5, 0, -6], { index: -6, position: 2, length: 5 }],
] as const)("gather by %j is an IndexError that tells where", async ([indices, error]) => {
  await using backend = await open();
  const inputs = [of("float32", 5, 300), of("int32", 3)];
  const kernel = await backend.prepare({ op: "gather", inputs, attributes: { axis: 0 } });
  const [x, y] = [backend.create(inputs[0]!), backend.create(kernel.outputs[0]!)];
  const run = async (list: readonly number[]) => {
    backend.dispatch(kernel, [x, backend.create(inputs[1]!, Int32Array.from(list))], [y]);
    await backend.read(y);
  };
  // At once, or with the next read where kernels run on other threads.
  await expect(run(indices)).rejects.toMatchObject({ code: "INDEX", ...error });
  await expect(run([0, 4, -5])).resolves.toBeUndefined();
});
