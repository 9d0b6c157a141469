/** .npy, .npz and safetensors, as NumPy and safetensors write them (vectors/make_arrays.py), and as nobody should. */
import { storageBytes } from "@bitbudget/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError, openData, readNpy, readNpz, readSafetensors } from "../src/index.ts";
import { arraySource } from "../src/tensors/array.ts";
import { bytesOf, fromBase64, fromText, join } from "./support/bytes.ts";
import { collect, feedsOf, labelsOf } from "./support/collect.ts";
import vectors from "./vectors/arrays.json" with { type: "json" };

test.each(vectors.files)(".npy: $name", async ({ file, dtype, shape, data }) => {
  const array = await readNpy(fromBase64(file));
  expect([array.dtype, array.shape]).toEqual([dtype, shape]);
  expect(bytesOf(array.data)).toEqual(fromBase64(data));
});

test.each(vectors.refused)(".npy of $name is refused", async ({ file }) => {
  await expect(readNpy(fromBase64(file), { name: "a.npy" })).rejects.toThrow(/^a.npy: has elements/);
});

function npy(header: string, data: ArrayLike<number> = []): Uint8Array<ArrayBuffer> {
  return join(
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8],
    fromText(header),
    data,
  );
}

test.each([
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "needs"],
  [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 99999999999999999999), }",
    "no file can hold",
  ],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "no file can hold"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (0, 99999999999999999999), }", "no file can hold"],
  ["{'descr': '|u1', 'fortran_order': 1, 'shape': (3,), }", "header"],
  ["{'descr': '|u1', 'shape': (3,), }", "header"],
  ["{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (3,), }", "header"],
  ["{'descr': '<q9', 'fortran_order': False, 'shape': (3,), }", "q9"],
  [`{${"(".repeat(1000)}`, "header"],
  ["", "header"],
])("a hostile header: %s", async (header, message) => {
  const reading = readNpy(npy(header, [1, 2, 3]));
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});

test("any damage to a .npy file is an error of this package, or another array", async () => {
  const file = fromBase64(vectors.files[1]!.file);
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
      const damaged = cut ? file.slice(0, at) : file.map((byte, i) => (i === at ? value : byte));
      await readNpy(damaged).catch((error: unknown) => expect(error).toBeInstanceOf(DataError));
    }),
  );
});

test.each(Object.entries(vectors.archives))(".npz of %s", async (_, file) => {
  const arrays = await readNpz(fromBase64(file));
  expect([...arrays.x!.data]).toEqual(Array.from({ length: 24 }, (__, i) => i));
  const data = await openData({ path: "a.npz", data: fromBase64(file) }, { batchSize: 4 });
  expect([data.count, data.length]).toEqual([6, 2]);
  expect(await labelsOf(data)).toEqual([0, 1, 2, 0, 1, 2]);
  const mapped = await openData(
    { path: "a.npz", data: fromBase64(file) },
    { feeds: { pixels: "x" }, targets: { y: "labels" } },
  );
  const [batch] = await collect(mapped);
  expect([Object.keys(batch!.feeds), Object.keys(batch!.targets), batch!.feeds.pixels!.shape]).toEqual([
    ["pixels"],
    ["y"],
    [6, 4],
  ]);
  await expect(openData({ path: "a.npz", data: fromBase64(file) }, { feeds: { x: "z" } })).rejects.toThrow(
    'has no array "z"',
  );
});

test("samples in any order are the rows", async () => {
  const data = await openData({ path: "a.npz", data: fromBase64(vectors.archives.savez) }, { batchSize: 5 });
  const order = await labelsOf(data.shuffle(3));
  const rows = (await feedsOf(data.shuffle(3))).flat();
  expect(order.map((label, i) => (rows[i * 4]! / 4) % 3 === label)).toEqual(order.map(() => true));
  expect(rows.filter((_, i) => i % 4 === 0).sort((a, b) => a - b)).toEqual([0, 4, 8, 12, 16, 20]);
});

test(".npy files beside each other are named for themselves", async () => {
  const files = [
    { path: "x.npy", data: npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [5, 6, 7]) },
    { path: "labels.npy", data: npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [2, 1, 0]) },
  ];
  const data = await openData(files, { batchSize: 2 });
  expect([await feedsOf(data), await labelsOf(data)]).toEqual([
    [[5, 6], [7]],
    [2, 1, 0],
  ]);
  const uneven = [
    files[0]!,
    { path: "labels.npy", data: npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", [2]) },
  ];
  await expect(openData(uneven)).rejects.toThrow('"labels" has 1 samples and "x" has 3');
  await expect(openData(files, { preprocessing: {} })).rejects.toThrow("preprocessing is not for");
});

test("safetensors as the reference writes it", async () => {
  const { file, tensors } = vectors.safetensors;
  const read = await readSafetensors(fromBase64(file));
  expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    expect([read[name]!.dtype, read[name]!.shape]).toEqual([dtype, shape]);
    expect(bytesOf(read[name]!.data)).toEqual(fromBase64(data));
    expect(read[name]!.data.byteLength).toBe(storageBytes(read[name]!.dtype, shape));
  }
});

function safetensors(header: string, data: number): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(new BigUint64Array([BigInt(fromText(header).length)]).buffer);
  return join(length, fromText(header), new Uint8Array(data));
}

test.each([
  ['{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 5, "tensors end at 4"],
  ['{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 3, "tensors end at 4"],
  ['{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}', 5, "overlap or leave a hole"],
  [
    '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
    4,
    "overlap or leave a hole",
  ],
  ['{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}', 4, "needs 4"],
  ['{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}}', 4, "needs 16"],
  ['{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}', 0, "needs"],
  ['{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', 1, "non-negative"],
  ['{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}', 8, "can be read"],
  ['{"a":{"dtype":"constructor","shape":[1],"data_offsets":[0,8]}}', 8, "can be read"],
  ['{"a":7}', 0, "must be { dtype, shape, data_offsets }"],
  ["[]", 0, "must be an object of tensors"],
  ["{", 0, "is not JSON"],
])("safetensors that lie: %s and %i bytes", async (header, size, message) => {
  const reading = readSafetensors(safetensors(header, size));
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});

test("safetensors whose tensors lie in another order than their names", async () => {
  const header =
    '{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}';
  const file = safetensors(header, 3);
  file.set([255, 7, 8], file.length - 3);
  const { a, b } = await readSafetensors(file);
  expect([[...a!.data], [...b!.data]]).toEqual([[-1], [7, 8]]);
});

test("rows that lie together are read together", async () => {
  const reads: number[][] = [];
  const read = async (start = 0, end = 4000) => {
    reads.push([start, end]);
    return new Uint8Array(end - start);
  };
  const file = { path: "x", size: 4000, read };
  const array = { file, dtype: "uint8", shape: [4, 1000], start: 0 } as const;
  await arraySource(new Map([["x", array]]), "x", {}).read(Int32Array.of(2, 0, 1));
  expect(reads).toEqual([[0, 3000]]);
});

test("safetensors whose header is longer than the file", async () => {
  await expect(readSafetensors(join([255, 255, 255, 255, 255, 255, 255, 127], [0]))).rejects.toThrow(
    "cut off",
  );
  await expect(readSafetensors(join([1]))).rejects.toThrow("too short");
});

test("any damage to a safetensors file is an error of this package, or other tensors", async () => {
  const file = fromBase64(vectors.safetensors.file);
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
      const damaged = cut ? file.slice(0, at) : file.map((byte, i) => (i === at ? value : byte));
      await readSafetensors(damaged).catch((error: unknown) => expect(error).toBeInstanceOf(DataError));
    }),
  );
});
