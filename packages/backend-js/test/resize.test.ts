/** resize and its taps against ONNX's reference implementation (vectors/make_resize.py), and by hand. */
import { type KernelSpec, type ResizeAttributes, resizeTaps, SpecError } from "@bitbudget/backend";
import { type DType, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers } from "./compare.ts";
import { numbers, run } from "./run.ts";
import vectors from "./vectors/resize.json" with { type: "json" };

function spec(
  shape: readonly number[],
  attributes: ResizeAttributes,
  dtype: DType = "float64",
): KernelSpec<"resize"> {
  return { op: "resize", inputs: [{ dtype, shape }], attributes };
}

interface Row {
  readonly attributes: ResizeAttributes;
  readonly y: readonly number[];
}

// JSON has strings where the attributes have names.
const rows = vectors.rows as readonly Row[];

describe("ONNX's reference implementation", () => {
  const modes = new Set(rows.map(({ attributes: { mode, coordinates } }) => `${mode}, ${coordinates}`));
  test("covers every mode", () => expect(modes.size).toBe(18));
  test.each([...modes])("%s", async (name) => {
    for (const { attributes, y } of rows) {
      if (`${attributes.mode}, ${attributes.coordinates}` !== name) continue;
      const got = await numbers(spec(vectors.shape, attributes), [vectors.x]);
      expect(got.length).toBe(y.length);
      for (const [i, value] of y.entries())
        if (!(Math.abs(got[i]! - value) < 1e-8))
          expect({ attributes, i, y: got[i] }).toEqual({ attributes, i, y: value });
    }
  });
});

describe("by hand", () => {
  const half: Pick<ResizeAttributes, "mode" | "coordinates"> = { mode: "linear", coordinates: "half_pixel" };

  test("linear, doubled: a quarter of the way from each middle", async () => {
    const y = await numbers(spec([2], { ...half, sizes: [4] }, "float32"), [[0, 4]]);
    expectNumbers(y, [0, 1, 3, 4]);
  });

  test("antialias, halved: four elements count, the edge also for what lies beyond it", async () => {
    // The triangle is 4 wide: weights 1, 3, 3, 1 of 8 around each middle; beyond the edge it is the edge.
    const attributes = { ...half, sizes: [2], antialias: true };
    expectNumbers(await numbers(spec([4], attributes), [[8, 16, 32, 64]]), [14, 46]);
    // Left out instead: 3, 3, 1 of 7.
    const [first] = await numbers(spec([4], { ...attributes, excludeOutside: true }), [[7, 14, 21, 64]]);
    expect(first).toBeCloseTo(12, 12);
  });

  test("nearest takes a side at every half", async () => {
    // Doubled: coordinates 0, 0.5, 1 and so on.
    const x = [10, 20, 30];
    const take = (nearest: NonNullable<ResizeAttributes["nearest"]>) =>
      numbers(spec([3], { sizes: [6], mode: "nearest", coordinates: "asymmetric", nearest }, "int32"), [x]);
    expectNumbers(await take("round_prefer_floor"), [10, 10, 20, 20, 30, 30]);
    expectNumbers(await take("round_prefer_ceil"), [10, 20, 20, 30, 30, 30]);
    expectNumbers(await take("floor"), [10, 10, 20, 20, 30, 30]);
    expectNumbers(await take("ceil"), [10, 20, 20, 30, 30, 30]);
  });

  test("a coordinate that is an integer is one: sizes are not divided first", () => {
    // 9 / (18 / 14) is less than 7 in float64, and 18 / (54 / 21) less than 7, too.
    for (const [input, output] of [
      [14, 18],
      [21, 54],
      [28, 36],
      [11, 33],
    ] as const) {
      const [axis] = resizeTaps(
        spec([input], { sizes: [output], mode: "nearest", coordinates: "asymmetric", nearest: "floor" }),
      );
      const exactly = Array.from({ length: output }, (_, i) =>
        Number((BigInt(i) * BigInt(input)) / BigInt(output)),
      );
      expect(Array.from(axis!.indices)).toEqual(exactly);
    }
  });

  test("one element from many: the middle, or by name the first", async () => {
    const one = async (coordinates: ResizeAttributes["coordinates"], roi?: readonly number[]) =>
      (
        await numbers(spec([3], { mode: "linear", sizes: [1], coordinates, ...(roi && { roi }) }), [
          [1, 2, 4],
        ])
      )[0];
    expect(await one("half_pixel")).toBe(2);
    expect(await one("half_pixel_symmetric")).toBe(2);
    expect(await one("pytorch_half_pixel")).toBe(1);
    expect(await one("align_corners")).toBe(1);
    expect(await one("asymmetric")).toBe(1);
    expect(await one("tf_crop_and_resize", [0.5, 1])).toBe(3);
  });

  test("a crop that leaves the image takes the extrapolation value there", async () => {
    const crop = (dtype: DType, mode: "nearest" | "linear") =>
      numbers(
        spec(
          [3],
          { mode, sizes: [5], coordinates: "tf_crop_and_resize", roi: [-0.5, 1.5], extrapolation: 7 },
          dtype,
        ),
        [[1, 2, 3]],
      );
    expectNumbers(await crop("float16", "linear"), [7, 1, 2, 3, 7]);
    expectNumbers(await crop("uint8", "nearest"), [7, 1, 2, 3, 7]);
    // From the end to the start: a mirror.
    const mirror = spec([3], { mode: "linear", sizes: [3], coordinates: "tf_crop_and_resize", roi: [1, 0] });
    expectNumbers(await numbers(mirror, [[1, 2, 3]]), [3, 2, 1]);
  });

  test("nearest moves bits", async () => {
    const x = tensor("bfloat16", [2], Uint16Array.of(0x7fa1, 0x8000));
    const [y] = await run(spec([2], { sizes: [4], mode: "nearest", coordinates: "asymmetric" }, "bfloat16"), [
      x,
    ]);
    expect(y?.data).toEqual(Uint16Array.of(0x7fa1, 0x7fa1, 0x8000, 0x8000));
  });

  test("results are rounded once", async () => {
    // (2048 + 2049 + 2050 + 2051) / 4 in two steps of float16 would be 2048 or 2052.
    const attributes: ResizeAttributes = { ...half, sizes: [1, 1], coordinates: "align_corners" };
    const centre: ResizeAttributes = { ...half, sizes: [1, 1] };
    const x = [2048, 2048, 2048, 2056];
    expectNumbers(await numbers(spec([2, 2], centre, "float16"), [x]), [2050]);
    expectNumbers(await numbers(spec([2, 2], attributes, "float16"), [x]), [2048]);
  });

  test("no elements", async () => {
    expectNumbers(await numbers(spec([0, 2], { ...half, sizes: [0, 4] }), [[]]), []);
    expectNumbers(await numbers(spec([2, 2], { ...half, sizes: [0, 4] }), [[1, 2, 3, 4]]), []);
    expectNumbers(await numbers(spec([], { ...half, sizes: [] }), [[5]]), [5]);
  });
});

describe("taps", () => {
  const coordinates = [...new Set(rows.map(({ attributes }) => attributes.coordinates))];
  const geometry = fc.record({
    input: fc.integer({ min: 1, max: 12 }),
    output: fc.integer({ min: 1, max: 30 }),
    mode: fc.constantFrom("linear", "cubic", "nearest"),
    coordinates: fc.constantFrom(...coordinates),
    antialias: fc.boolean(),
    excludeOutside: fc.boolean(),
  });

  test("lie in the image, and their weights sum to 1", () => {
    fc.assert(
      fc.property(geometry, ({ input, output, ...attributes }) => {
        for (const axis of resizeTaps(spec([input], { ...attributes, sizes: [output], roi: [0.1, 0.9] }))) {
          expect(axis.indices.length).toBe(output * axis.taps);
          for (let i = 0; i < output; i++) {
            const part = [i * axis.taps, (i + 1) * axis.taps] as const;
            expect(axis.weights.slice(...part).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
            for (const index of axis.indices.slice(...part)) expect(index >= 0 && index < input).toBe(true);
          }
        }
      }),
    );
  });

  test("an image of the same size stays as it is", () => {
    for (const one of coordinates)
      expect(
        resizeTaps(spec([4, 5], { mode: "cubic", coordinates: one, sizes: [4, 5], roi: [0, 0, 1, 1] })),
      ).toEqual([]);
  });
});

test("what makes no sense is refused", async () => {
  await using backend = await open();
  const sound: ResizeAttributes = { mode: "linear", coordinates: "half_pixel", sizes: [4] };
  const refuse = (
    attributes: Partial<ResizeAttributes>,
    message: RegExp,
    shape = [2],
    dtype: DType = "float32",
  ) => {
    const ask = () => backend.supports(spec(shape, { ...sound, ...attributes }, dtype));
    expect(ask).toThrow(SpecError);
    expect(ask).toThrow(message);
  };
  refuse({ sizes: [4, 4] }, /sizes/);
  refuse({ sizes: [-1] }, /sizes/);
  refuse({}, /sizes/, [0]);
  refuse({ scales: [0] }, /scales/);
  // Taps for every output would reach a billion elements far.
  refuse({ scales: [1e-9], antialias: true }, /scales/);
  refuse({ scales: [1e-9], sizes: [1], antialias: true }, /scales/);
  refuse({ scales: [9] }, /scales/);
  refuse({ coordinates: "tf_crop_and_resize" }, /roi/);
  refuse({ coordinates: "tf_crop_and_resize", roi: [0, Number.NaN] }, /roi/);
  refuse({ cubicA: Number.NaN }, /cubicA/);
  refuse({}, /dtype/, [2], "int8");
});
