/** The ops of training beyond the suite: sizes around the edges of vectors, tiles, blocks and strips, whole and in pieces. */
import type { AnySpec, ConvolutionAttributes } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-wasm";
import { expect, test } from "vitest";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const none = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
type Geometry = Omit<ConvolutionAttributes, "wants" | "size">;

/** Image, filters, geometry. */
const layers: readonly (readonly [readonly [number, number, number, number], number, Geometry])[] = [
  ...[1, 2, 5, 6, 7, 13].map(
    (filters) => [[2, 3, 6, 7], filters, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }] as const,
  ),
  // Widths around a vector, and images of less than one.
  ...[1, 2, 3, 4, 5, 8, 9].map(
    (width) => [[3, 2, 3, width], 5, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }] as const,
  ),
  ...[1, 3, 4, 7].map((width) => [[2, 5, 1, width], 4, { ...none, kernel: [1, 1] }] as const),
  // More positions than a block has, down and across, and more images.
  [[1, 2, 70, 40], 3, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }],
  [[1, 1, 2, 1100], 2, { ...none, kernel: [1, 3], pads: [0, 1, 0, 1] }],
  [[19, 4, 8, 8], 7, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }],
  [[9, 8, 4, 4], 8, { ...none, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  // Blocks of several images of which the last is not full, with and without strides; several of them of each kind.
  [[5, 1, 40, 40], 2, { ...none, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[5, 2, 20, 21], 2, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }],
  [[2, 1, 61, 70], 7, { ...none, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[1, 2, 1, 2600], 1, { ...none, kernel: [1, 5], strides: [1, 2] }],
  // Images as they lie, several blocks and images, and sizes that are no multiples of a vector.
  [[2, 5, 35, 36], 7, { ...none, kernel: [1, 1] }],
  [[11, 3, 9, 9], 8, { ...none, kernel: [1, 1] }],
  // More padding than the filter reaches, and strides that jump over elements.
  [[2, 2, 5, 6], 3, { ...none, kernel: [3, 3], pads: [3, 4, 2, 3] }],
  [[2, 2, 9, 8], 3, { ...none, kernel: [3, 3], pads: [3, 4, 2, 3], strides: [2, 3] }],
  [[2, 2, 9, 8], 3, { ...none, kernel: [2, 2], strides: [3, 3] }],
  [[9, 6, 9, 8], 12, { ...none, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], groups: 6 }],
  // Phases of strides that no tap reads.
  [[2, 4, 9, 10], 6, { ...none, kernel: [1, 1], strides: [2, 2] }],
  [[2, 4, 9, 10], 6, { ...none, kernel: [2, 1], strides: [3, 2], pads: [1, 0, 0, 1] }],
  // Many channels: blocks are as small as they can be.
  [[2, 300, 3, 5], 9, { ...none, kernel: [3, 3], pads: [1, 1, 1, 1] }],
  ...[1, 3, 17].map(
    (channels) =>
      [
        [3, channels, 7, 9],
        channels,
        { ...none, kernel: [3, 3], strides: [2, 1], pads: [1, 1, 1, 1], groups: channels },
      ] as const,
  ),
];

const convolutions = layers.flatMap(([image, filters, geometry], i) =>
  (["output", "input", "filter"] as const).map((wants): Case => {
    const [batch, channels, height, width] = image;
    const { kernel, strides, pads, dilations, groups } = geometry;
    const size = ([length, axis]: readonly [number, 0 | 1]) =>
      Math.floor(
        (length + pads[axis] + pads[axis + 2]! - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis],
      ) + 1;
    const x = { dtype: "float32", shape: [...image] } as const;
    const w = { dtype: "float32", shape: [filters, channels / groups, ...kernel] } as const;
    const y = { dtype: "float32", shape: [batch, filters, size([height, 0]), size([width, 1])] } as const;
    const inputs = { output: [x, w], input: [y, w], filter: [x, y] }[wants];
    const spec: AnySpec = {
      op: "convolution",
      inputs,
      attributes: { wants, ...geometry, ...(wants === "input" && { size: [height, width] }) },
    };
    return defineCase(`convolution/pieces/${i}/${wants}`, spec);
  }),
);

const pools = (["max", "average"] as const).flatMap((kind) =>
  (
    [
      [[2, 3, 5, 7], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      [[1, 5, 4, 6], { kernel: [2, 3], strides: [1, 1], pads: [0, 0, 0, 0] }],
      // Lines of windows four at a time, and what is left of them, with windows over the edges on both sides.
      ...([8, 9, 12, 13, 21] as const).flatMap((width) => [
        [[2, 3, 5, width], { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }] as const,
        [[1, 3, 6, width], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }] as const,
        [[1, 2, 6, width], { kernel: [3, 6], strides: [1, 1], pads: [2, 5, 2, 4] }] as const,
        [[1, 2, 6, width], { kernel: [3, 5], strides: [3, 3], pads: [0, 2, 0, 2] }] as const,
      ]),
    ] as const
  ).map(([image, { kernel, strides, pads }], i): Case => {
    const count = (axis: 0 | 1) =>
      Math.floor((image[axis + 2]! + pads[axis] + pads[axis + 2]! - kernel[axis]) / strides[axis]) + 1;
    const dy = { dtype: "float32", shape: [image[0], image[1], count(0), count(1)] } as const;
    const isMax = kind === "max";
    return defineCase(`poolGrad/pieces/${kind}/${i}`, {
      op: "poolGrad",
      inputs: isMax ? [{ dtype: "float32", shape: [...image] }, dy] : [dy],
      attributes: {
        ...{ kind, kernel, strides, pads, dilations: [1, 1] },
        ...(!isMax && { size: [image[2], image[3]] }),
      },
    });
  }),
);

const indices = { dtype: "int32", shape: [9] } as const;

const scatters = [1, 3, 16, 17, 40].map(
  (inner): Case =>
    defineCase(
      `scatterAdd/pieces/${inner}`,
      {
        op: "scatterAdd",
        inputs: [indices, { dtype: "float32", shape: [2, 9, inner] }],
        attributes: { axis: 1, size: 5 },
      },
      {
        inputs: [
          { min: -5, max: 4 },
          { min: -1, max: 1 },
        ],
      },
    ),
);

describeInPieces([...convolutions, ...pools, ...scatters]);

test("scatterAdd by an index that is not there is an IndexError that tells where", async () => {
  await using backend = await open({ threads: 1 });
  const updates = { dtype: "float32", shape: [9, 4] } as const;
  const spec = { op: "scatterAdd", inputs: [indices, updates], attributes: { axis: 0, size: 5 } } as const;
  const kernel = await backend.prepare(spec);
  const [from, to] = [backend.create(updates), backend.create(kernel.outputs[0]!)];
  const run = async (list: readonly number[]) => {
    backend.dispatch(kernel, [backend.create(indices, Int32Array.from(list)), from], [to]);
    await backend.read(to);
  };
  const error = { code: "INDEX", index: 5, position: 2 };
  await expect(run([0, 1, 5, 0, 0, 0, 0, 0, 0])).rejects.toMatchObject(error);
  await expect(run([0, 1, -5, 0, 0, 0, 0, 0, 4])).resolves.toBeUndefined();
});
