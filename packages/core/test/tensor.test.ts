import { describe, expect, test } from "vitest";
import {
  allocateStorage,
  checkStorage,
  dtypeNames,
  elementCount,
  isStorage,
  ShapeError,
  scalar,
  storageBytes,
  tensor,
  valuesOf,
} from "../src/index.ts";

test.each(dtypeNames)("%s: zeros, storage, values and scalars", (dtype) => {
  const zeros = tensor(dtype, [3, 3]);
  expect(zeros).toMatchObject({ dtype, shape: [3, 3] });
  expect(zeros.data.byteLength).toBe(storageBytes(dtype, [3, 3]));
  expect([...valuesOf(zeros)]).toEqual(new Array(9).fill(0));

  const data = allocateStorage(dtype, 9);
  expect(tensor(dtype, [3, 3], data).data).toBe(data);

  const ones = tensor(dtype, [2, 2], [1, 0, 1, 1]);
  expect([...valuesOf(ones)]).toEqual([1, 0, 1, 1]);
  expect(isStorage(dtype, ones.data)).toBe(true);
  expect([...valuesOf(tensor(dtype, [0, 4], []))]).toEqual([]);

  const one = scalar(dtype, 1);
  expect(one.shape).toEqual([]);
  expect([...valuesOf(one)]).toEqual([1]);
});

describe("what is stored and what is encoded", () => {
  test("the format's own array type is codes; others are numbers", () => {
    expect([...valuesOf(tensor("float16", [2], Uint16Array.of(0x3c00, 0xc000)))]).toEqual([1, -2]);
    expect([...valuesOf(tensor("float16", [2], Uint32Array.of(1, 2)))]).toEqual([1, 2]);
    expect([...valuesOf(tensor("int4", [3], Uint8Array.of(0x2f, 0x08)))]).toEqual([-1, 2, -8]);
    expect([...valuesOf(tensor("int4", [3], Int8Array.of(-1, 2, -100)))]).toEqual([-1, 2, -8]);
    expect([...valuesOf(tensor("int8", [2], Uint8Array.of(5, 200)))]).toEqual([5, 127]);
    expect([...valuesOf(tensor("float32", [2], Float64Array.of(0.1, 1e300)))]).toEqual([
      Math.fround(0.1),
      3.4028234663852886e38,
    ]);
  });

  test("64-bit integers from bigints and numbers", () => {
    expect(tensor("int64", [2], [1n, -1n]).data).toEqual(BigInt64Array.of(1n, -1n));
    expect(tensor("uint64", [2], BigInt64Array.of(1n, -1n)).data).toEqual(BigUint64Array.of(1n, 0n));
    expect(tensor("int64", [2], Int32Array.of(1, -1)).data).toEqual(BigInt64Array.of(1n, -1n));
  });

  test("a Float16Array is float16 bits, without a copy", () => {
    // Platforms without the type have none to pass; this stands in for it with the same layout and tag.
    const bits = new Uint16Array([0, 0x3c00, 0xc000, 0]);
    class Float16Array extends Uint16Array {}
    Object.defineProperty(Float16Array.prototype, Symbol.toStringTag, { value: "Float16Array" });
    const { data } = tensor("float16", [2], new Float16Array(bits.buffer, 2, 2));
    expect(data).toEqual(Uint16Array.of(0x3c00, 0xc000));
    expect(data.buffer).toBe(bits.buffer);
    const native = Object.getOwnPropertyDescriptor(globalThis, "Float16Array")?.value;
    if (native) expect(tensor("float16", [2], native.of(1, -2)).data).toEqual(data);
  });

  test("the tensor does not follow later changes of the shape", () => {
    const shape = [2];
    const made = tensor("int8", shape);
    shape[0] = 3;
    expect(made.shape).toEqual([2]);
  });
});

describe("errors", () => {
  test("a length that does not fit", () => {
    expect(() => tensor("float32", [2, 3], [1, 2, 3])).toThrow(ShapeError);
    expect(() => tensor("float32", [2, 3], [1, 2, 3])).toThrow(
      "float32 of shape [2,3] takes an array of numbers of length 6, not 3",
    );
    expect(() => tensor("int4", [5], new Uint8Array(5))).toThrow(
      "int4 of shape [5] takes an Uint8Array of codes of length 3, not 5",
    );
  });

  test("a wrong shape is found before anything is allocated", () => {
    expect(() => tensor("float64", [2 ** 40, 2 ** 40])).toThrow(ShapeError);
    expect(() => elementCount([2 ** 40, 2 ** 40])).toThrow(ShapeError);
    expect(() => allocateStorage("int8", -1)).toThrow(ShapeError);
  });

  test("storage of another type", () => {
    expect(() => checkStorage("data", "float16", new Uint8Array(2), 2)).toThrow(
      `"data" is a Uint8Array; codes of float16 are in a Uint16Array`,
    );
  });
});
