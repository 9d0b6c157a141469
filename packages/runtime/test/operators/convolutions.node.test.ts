/** Convolutions of floats and of codes equal onnxruntime in every attribute, over one to three axes. */
import { scalar, tensor } from "@bitbudget/core";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import { type Attributes, axes, type Case, each, expectEqual, ints, node } from "../support/node-cases.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

describe("Conv", () => {
  const cases: Case[] = axes.flatMap((spatial) => {
    const x = randomFloats([2, 4, ...spatial], 1);
    const w = randomFloats([6, 2, ...spatial.map((_, i) => 2 + (i % 2))], 2);
    const bias = randomFloats([6], 3);
    const both = (value: number) => [...each(spatial, value), ...each(spatial, value)];
    const variants: readonly (readonly [string, Attributes])[] = [
      ["pads and strides", { pads: both(1), strides: each(spatial, 2) }],
      ["dilations", { pads: both(2), dilations: each(spatial, 2) }],
      ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: each(spatial, 2) }],
      ["SAME_LOWER", { auto_pad: "SAME_LOWER" }],
      ["VALID", { auto_pad: "VALID" }],
    ];
    return variants.map(
      ([name, attributes]): Case => [
        `${spatial.length} axes, ${name}`,
        node("Conv", [x, w, bias], { attributes: { group: 2n, ...attributes } }),
      ],
    );
  });
  test.each(cases)("%s", async (_, one) => expectEqual(one));
  test.each(cases)("%s, of filters that come with the run", async (_, one) =>
    expectEqual({ ...one, constants: [] }),
  );
  test("of a bias that comes with the run", async () => {
    const inputs = [randomFloats([1, 3, 8], 1), randomFloats([4, 3, 3], 2), randomFloats([4], 3)];
    await expectEqual(node("Conv", inputs, { constants: [1] }));
  });
});

describe("ConvTranspose", () => {
  const cases: Case[] = [[9], [5, 4], [3, 2, 3]].flatMap((spatial) => {
    const x = randomFloats([2, 4, ...spatial], 1);
    const w = randomFloats([4, 3, ...spatial.map((_, i) => 4 - (i % 2))], 2);
    const bias = randomFloats([6], 3);
    const both = (value: number) => [...each(spatial, value), ...each(spatial, value)];
    const variants: readonly (readonly [string, Attributes])[] = [
      ["defaults", {}],
      ["stride 2", { strides: each(spatial, 2), pads: both(1) }],
      ["stride 3 and output_padding", { strides: each(spatial, 3), output_padding: each(spatial, 2) }],
      ["stride 5, wider than the window", { strides: each(spatial, 5), output_padding: each(spatial, 1) }],
      ["dilations", { dilations: each(spatial, 2), strides: each(spatial, 2), pads: both(3) }],
      ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: each(spatial, 2) }],
      ["SAME_LOWER", { auto_pad: "SAME_LOWER", strides: each(spatial, 2) }],
      [
        "output_shape",
        { strides: each(spatial, 3), output_shape: spatial.map((length) => BigInt(3 * length - 1)) },
      ],
    ];
    return variants.map(
      ([name, attributes]): Case => [
        `${spatial.length} axes, ${name}`,
        node("ConvTranspose", [x, w, bias], { attributes: { group: 2n, ...attributes } }),
      ],
    );
  });
  test.each(cases)("%s", async (_, one) => expectEqual(one));
  test.each(cases)("%s, of filters that come with the run", async (_, one) =>
    expectEqual({ ...one, constants: [] }),
  );
  test("of a bias that comes with the run", async () => {
    const inputs = [randomFloats([1, 3, 8], 1), randomFloats([3, 4, 3], 2), randomFloats([4], 3)];
    await expectEqual(node("ConvTranspose", inputs, { attributes: { strides: ints(2) }, constants: [1] }));
  });
});

describe("DeformConv", () => {
  // Pads, strides and dilations of 2 or 1 on a 7 x 6 image make 4 x 3 windows.
  const inputs = [
    randomFloats([2, 4, 7, 6], 1),
    randomFloats([6, 2, 3, 3], 2),
    randomFloats([2, 36, 4, 3], 3, 2),
    randomFloats([6], 4),
    randomFloats([2, 18, 4, 3], 5),
  ];
  const attributes = {
    group: 2n,
    offset_group: 2n,
    pads: ints(1, 1, 1, 1),
    strides: ints(2, 2),
    kernel_shape: ints(3, 3),
  };
  test.each([
    ["with a mask", inputs],
    ["without bias and mask", inputs.slice(0, 3)],
  ])("%s", async (_, given) => expectEqual(node("DeformConv", given, { attributes, opset: 19 })));
});

describe("codes", () => {
  const bytes = (shape: readonly number[], seed: number) => randomIntegers("uint8", shape, seed, 0, 256);
  const cases: Case[] = axes.flatMap((spatial) => {
    const window = spatial.map(() => 3);
    const w = randomIntegers("int8", [6, 2, ...window], 2, -127, 128);
    const scales = tensor("float32", [6], [0.01, 0.02, 0.03, 0.01, 0.02, 0.03]);
    const inputs = [bytes([2, 4, ...spatial], 1), scalar("float32", 0.02), scalar("uint8", 120), w, scales];
    const rest = [tensor("int8", [6]), scalar("float32", 0.1), scalar("uint8", 7)];
    const pads = [...each(spatial, 1), ...each(spatial, 1)];
    const attributes = { group: 2n, pads };
    const bias = randomIntegers("int32", [6], 3, -900, 900);
    return [
      [
        `QLinearConv over ${spatial.length} axes`,
        node("QLinearConv", [...inputs, ...rest, bias], { attributes, outputs: ["uint8"] }),
      ],
      [
        `ConvInteger over ${spatial.length} axes, its zero point from the run`,
        node("ConvInteger", [bytes([2, 4, ...spatial], 1), w, scalar("uint8", 120), scalar("int8", 3)], {
          attributes,
          outputs: ["int32"],
          constants: [1, 3],
        }),
      ],
    ];
  });
  test.each(cases)("%s", async (_, one) => expectLikeOnnxruntime(one, 0.5));
});
