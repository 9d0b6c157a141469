/** transpose, concat, gather and pad: by hand, in every format of whole bytes, and as each other's inverses. */
import { IndexError, type KernelSpec, type PadAttributes, SpecError } from "@bitbudget/backend";
import {
  type DType,
  dtypeNames,
  dtypes,
  elementCount,
  type HostTensor,
  storageBytes,
  tensor,
} from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectSame } from "./compare.ts";
import { run } from "./run.ts";

async function transpose(x: HostTensor, perm: readonly number[]): Promise<HostTensor> {
  const [y] = await run({ op: "transpose", inputs: [x], attributes: { perm } }, [x]);
  return y!;
}

async function concat(parts: readonly HostTensor[], axis: number): Promise<HostTensor> {
  const [y] = await run({ op: "concat", inputs: parts, attributes: { axis } }, parts);
  return y!;
}

async function gather(x: HostTensor, indices: HostTensor, axis: number): Promise<HostTensor> {
  const [y] = await run({ op: "gather", inputs: [x, indices], attributes: { axis } }, [x, indices]);
  return y!;
}

async function pad(x: HostTensor, attributes: PadAttributes): Promise<HostTensor> {
  const [y] = await run({ op: "pad", inputs: [x], attributes }, [x]);
  return y!;
}

function int32(...numbers: number[]): HostTensor {
  return tensor("int32", [numbers.length], numbers);
}

/** 0, 1, 2, ... */
function counting(shape: readonly number[]): HostTensor {
  return tensor(
    "float32",
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => i),
  );
}

/** Bytes that are all different from their neighbours, NaN among the floats. */
function junk(dtype: DType, shape: readonly number[]): HostTensor {
  const x = tensor(dtype, shape);
  const bytes = new Uint8Array(x.data.buffer, x.data.byteOffset, storageBytes(dtype, shape));
  for (let i = 0; i < bytes.length; i++) bytes[i] = i * 167 + 0xf1;
  return x;
}

function bytesOf({ data }: HostTensor): number[] {
  return Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

const movable = dtypeNames.filter((dtype) => dtypes[dtype].bits >= 8);

describe("transpose", () => {
  test("by hand", async () => {
    expectSame(await transpose(counting([2, 3]), [1, 0]), tensor("float32", [3, 2], [0, 3, 1, 4, 2, 5]));
    // Images from channels first to channels last: 2 channels of 1x3.
    expectSame(
      await transpose(counting([1, 2, 1, 3]), [0, 2, 3, 1]),
      tensor("float32", [1, 1, 3, 2], [0, 3, 1, 4, 2, 5]),
    );
    expectSame(await transpose(counting([2, 1, 2]), [2, 1, 0]), tensor("float32", [2, 1, 2], [0, 2, 1, 3]));
    expectSame(await transpose(counting([]), []), counting([]));
    expectSame(await transpose(counting([2, 0, 3]), [2, 1, 0]), counting([3, 0, 2]));
  });

  test.each(movable)("%s: back and forth is where it was, bit for bit", async (dtype) => {
    const x = junk(dtype, [2, 3, 4]);
    const y = await transpose(x, [2, 0, 1]);
    expect(y.shape).toEqual([4, 2, 3]);
    expect(bytesOf(y)).not.toEqual(bytesOf(x));
    expect(bytesOf(await transpose(y, [1, 2, 0]))).toEqual(bytesOf(x));
  });

  const permuted = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray(
        shape.map((_, i) => i),
        { minLength: shape.length },
      ),
    ),
  );

  test("the inverse permutation undoes it", async () => {
    await fc.assert(
      fc.asyncProperty(permuted, async ([shape, perm]) => {
        const inverse = perm.map((_, axis) => perm.indexOf(axis));
        expectSame(await transpose(await transpose(counting(shape), perm), inverse), counting(shape));
      }),
    );
  });
});

describe("concat", () => {
  test("by hand", async () => {
    const [a, b] = [counting([2, 2]), tensor("float32", [2, 1], [7, 8])];
    expectSame(await concat([a, b], 1), tensor("float32", [2, 3], [0, 1, 7, 2, 3, 8]));
    expectSame(await concat([a, a], 0), tensor("float32", [4, 2], [0, 1, 2, 3, 0, 1, 2, 3]));
    expectSame(await concat([b, counting([2, 0]), b], 1), tensor("float32", [2, 2], [7, 7, 8, 8]));
    expectSame(await concat([a], 0), a);
  });

  test.each(movable)("%s: gathering the parts gives them back", async (dtype) => {
    const parts = [junk(dtype, [2, 1, 3]), junk(dtype, [2, 4, 3]), junk(dtype, [2, 0, 3])];
    const whole = await concat(parts, 1);
    expect(whole.shape).toEqual([2, 5, 3]);
    expect(bytesOf(await gather(whole, int32(0), 1))).toEqual(bytesOf(parts[0]!));
    expect(bytesOf(await gather(whole, int32(1, 2, 3, 4), 1))).toEqual(bytesOf(parts[1]!));
  });
});

describe("gather", () => {
  test("by hand", async () => {
    const x = counting([3, 2]);
    expectSame(await gather(x, int32(2, 0, 2), 0), tensor("float32", [3, 2], [4, 5, 0, 1, 4, 5]));
    expectSame(await gather(x, int32(-1, -2), 1), tensor("float32", [3, 2], [1, 0, 3, 2, 5, 4]));
    expectSame(await gather(x, tensor("int32", [], [1]), 0), tensor("float32", [2], [2, 3]));
    expectSame(
      await gather(x, tensor("int32", [1, 2], [0, 1]), 1),
      tensor("float32", [3, 1, 2], [0, 1, 2, 3, 4, 5]),
    );
    expectSame(await gather(x, tensor("int32", [0]), 1), tensor("float32", [3, 0]));
    expectSame(await gather(counting([2, 0]), int32(1, 1, 0), 0), tensor("float32", [3, 0]));
  });

  test("an index that no element has is an error, and nothing is written", async () => {
    await using backend = await open();
    const x = backend.create({ dtype: "float32", shape: [3] }, Float32Array.of(1, 2, 3));
    const y = backend.create({ dtype: "float32", shape: [2] }, Float32Array.of(8, 9));
    const spec: KernelSpec<"gather"> = {
      op: "gather",
      inputs: [x.type, { dtype: "int32", shape: [2] }],
      attributes: { axis: 0 },
    };
    const kernel = await backend.prepare(spec);
    for (const index of [3, -4, 2 ** 31 - 1]) {
      const indices = backend.create({ dtype: "int32", shape: [2] }, Int32Array.of(0, index));
      const dispatch = () => backend.dispatch(kernel, [x, indices], [y]);
      expect(dispatch).toThrow(IndexError);
      expect(dispatch).toThrow(expect.objectContaining({ code: "INDEX", index, position: 1, length: 3 }));
    }
    expect((await backend.read(y)).data).toEqual(Float32Array.of(8, 9));
    await expect(gather(tensor("float32", [0]), int32(0), 0)).rejects.toThrow(/without elements/);
  });
});

describe("pad", () => {
  const row = int32(1, 2, 3);
  const around = (mode: PadAttributes["mode"], before: number, after: number, value?: number) =>
    pad(row, { pads: [[before, after]], mode, ...(value === undefined ? {} : { value }) });

  test("by hand", async () => {
    expectSame(await around("constant", 1, 2), int32(0, 1, 2, 3, 0, 0));
    expectSame(await around("constant", 1, 2, 9), int32(9, 1, 2, 3, 9, 9));
    expectSame(await around("edge", 2, 1), int32(1, 1, 1, 2, 3, 3));
    expectSame(await around("reflect", 2, 2), int32(3, 2, 1, 2, 3, 2, 1));
    expectSame(await around("wrap", 2, 1), int32(2, 3, 1, 2, 3, 1));
  });

  test("beyond one length the pattern goes on", async () => {
    expectSame(await around("reflect", 5, 6), int32(2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1));
    expectSame(await around("wrap", 4, 4), int32(3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1));
  });

  test("negative numbers remove, before anything is repeated", async () => {
    expectSame(await around("constant", -1, -1), int32(2));
    expectSame(await around("constant", -3, 1), int32(0));
    expectSame(await around("constant", -3, 0), int32());
    expectSame(await around("edge", -1, 2), int32(2, 3, 3, 3));
    expectSame(await around("reflect", 2, -1), int32(1, 2, 1, 2));
    expectSame(await around("wrap", -1, 3), int32(2, 3, 2, 3, 2));
  });

  test("axes are padded independently", async () => {
    const x = counting([2, 2]);
    const constant = await pad(x, {
      pads: [
        [1, 0],
        [0, 1],
      ],
      mode: "constant",
      value: -1,
    });
    expectSame(constant, tensor("float32", [3, 3], [-1, -1, -1, 0, 1, -1, 2, 3, -1]));
    const reflect = await pad(x, {
      pads: [
        [1, 0],
        [0, 1],
      ],
      mode: "reflect",
    });
    expectSame(reflect, tensor("float32", [3, 3], [2, 3, 2, 0, 1, 0, 2, 3, 2]));
    expectSame(await pad(counting([]), { pads: [], mode: "edge" }), counting([]));
  });

  test("nothing can be padded by a constant", async () => {
    const grown = await pad(tensor("float16", [0, 2]), {
      pads: [
        [1, 1],
        [0, 0],
      ],
      mode: "constant",
      value: 0.1,
    });
    expectSame(grown, tensor("float16", [2, 2], [0.1, 0.1, 0.1, 0.1]));
    expectSame(
      await pad(tensor("int8", [0, 2]), {
        pads: [
          [0, 0],
          [1, 0],
        ],
        mode: "edge",
      }),
      tensor("int8", [0, 3]),
    );
  });

  test("the value is rounded and saturated to the format", async () => {
    const padded = async (dtype: DType, value: number) =>
      (await pad(tensor(dtype, [0]), { pads: [[1, 0]], mode: "constant", value })).data[0];
    expect(await padded("uint8", 300)).toBe(255);
    expect(await padded("int8", -2.5)).toBe(-2);
    expect(await padded("int64", -7)).toBe(-7n);
    expect(await padded("uint64", 2 ** 70)).toBe(2n ** 64n - 1n);
    expect(await padded("float64", Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(await padded("float32", Number.NaN)).toBeNaN();
  });

  test.each(movable)("%s: cropping gives back what was padded, bit for bit", async (dtype) => {
    const x = junk(dtype, [2, 3, 2]);
    const pads = [
      [1, 0],
      [2, 1],
      [0, 1],
    ] as const;
    for (const mode of ["constant", "reflect", "edge", "wrap"] as const) {
      const padded = await pad(x, { pads, mode });
      expect(padded.shape).toEqual([3, 6, 3]);
      const cropped = await pad(padded, {
        pads: pads.map(([before, after]) => [-before, -after] as const),
        mode,
      });
      expect(bytesOf(cropped)).toEqual(bytesOf(x));
    }
  });
});

test("what makes no sense is refused", async () => {
  await using backend = await open();
  const x = { dtype: "float32", shape: [2, 3] } as const;
  const refused: readonly KernelSpec[] = [
    { op: "transpose", inputs: [x], attributes: { perm: [0, 0] } },
    { op: "transpose", inputs: [x], attributes: { perm: [0] } },
    { op: "transpose", inputs: [{ dtype: "int4", shape: [2, 3] }], attributes: { perm: [1, 0] } },
    { op: "concat", inputs: [x, { dtype: "float32", shape: [3, 3] }], attributes: { axis: 1 } },
    { op: "concat", inputs: [x, { dtype: "int32", shape: [2, 3] }], attributes: { axis: 1 } },
    { op: "gather", inputs: [x, { dtype: "int64", shape: [1] }], attributes: { axis: 1 } },
    { op: "gather", inputs: [x, { dtype: "int32", shape: [1] }], attributes: { axis: 2 } },
    { op: "pad", inputs: [x], attributes: { pads: [[0, 0]], mode: "edge" } },
    {
      op: "pad",
      inputs: [x],
      attributes: {
        pads: [
          [-3, 4],
          [0, 0],
        ],
        mode: "constant",
      },
    },
    {
      op: "pad",
      inputs: [{ dtype: "float32", shape: [1] }],
      attributes: { pads: [[1, 0]], mode: "reflect" },
    },
    { op: "pad", inputs: [{ dtype: "float32", shape: [0] }], attributes: { pads: [[1, 0]], mode: "wrap" } },
  ];
  for (const spec of refused) await expect(backend.prepare(spec)).rejects.toThrow(SpecError);
});
