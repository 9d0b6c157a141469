/** Recognition of what is given: folders of images by class, archives, rasters; and what is said about the rest. */
import { gzipSync, strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { DataError, type FileInput, openData } from "../src/index.ts";
import { bytesOf, fromBase64, fromText, join, noise } from "./support/bytes.ts";
import { collect, feedsOf, labelsOf } from "./support/collect.ts";
import vectors from "./vectors/images.json" with { type: "json" };

const file = (name: string) => fromBase64(vectors.files.find((each) => each.name === name)!.file);
const png = file("rgb.png");
const exact = { dtype: "uint8", layout: "nhwc", input: "x" } as const;

test("folders are classes, whatever order files come in", async () => {
  const files: FileInput[] = [
    "dog/b.png",
    "cat/z.png",
    "cat/deep/a.png",
    ".DS_Store",
    "cat/.hidden.png",
    "readme.md",
  ].map((path) => ({ path, data: png }));
  const data = await openData(files, { preprocessing: exact, batchSize: 2 });
  expect([data.count, data.length, data.classes]).toEqual([3, 2, ["cat", "dog"]]);
  expect(await labelsOf(data)).toEqual([0, 0, 1]);
  const [batch] = await collect(data);
  expect(batch!.feeds.x!.shape).toEqual([2, 10, 12, 3]);
  expect([...batch!.feeds.x!.data.subarray(0, 360)]).toEqual([...noise(360)]);
  expect(await labelsOf(await openData(files, { classes: ["dog", "cat"] }))).toEqual([1, 1, 0]);
});

test("classes are sorted as names, not as paths", async () => {
  const files = ["cat-fish/1.png", "cat/1.png"].map((path) => ({ path, data: png }));
  const data = await openData(files);
  expect([data.classes, await labelsOf(data)]).toEqual([
    ["cat", "cat-fish"],
    [1, 0],
  ]);
});

test("the same in an archive, within a folder of its own", async () => {
  const zip = zipSync({
    "pets/cat/1.png": [png, { level: 0 }],
    "pets/dog/1.png": png,
    "__MACOSX/pets/._1.png": png,
  });
  const data = await openData({ path: "pets.zip", data: bytesOf(zip) }, { preprocessing: exact });
  expect([data.classes, await labelsOf(data)]).toEqual([
    ["cat", "dog"],
    [0, 1],
  ]);
  expect((await feedsOf(data))[0]).toEqual([...noise(360), ...noise(360)]);
});

test.each([
  ["labels.json", '{"a.png": 3, "b.png": 1}', undefined, [3, 1]],
  ["labels.json", '{"b.png": "cat", "a.png": "dog"}', ["cat", "dog"], [1, 0]],
  [
    "labels.json",
    '[{"file":"a.png","index":1,"name":"cat"},{"file":"b.png","index":0,"name":"ant"}]',
    ["ant", "cat"],
    [1, 0],
  ],
  ["labels.csv", 'file,label\na.png,2\n"b.png",0\n', undefined, [2, 0]],
  ["labels.csv", "a.png,dog\r\nb.png,cat\r\n", ["cat", "dog"], [1, 0]],
])("labels of %s: %s", async (path, content, classes, labels) => {
  const files = [
    ...["b.png", "a.png"].map((name) => ({ path: name, data: png })),
    { path, data: fromText(content) },
  ];
  const data = await openData(files);
  expect([data.classes, await labelsOf(data)]).toEqual([classes, labels]);
});

test.each([
  ["labels.json", '{"a.png": 3}', "b.png: has no label in labels.json"],
  ["labels.json", '{"a.png": -1, "b.png": 0}', "labels.json, a.png: has the label -1"],
  ["labels.json", "7", "labels.json: must be an object of labels by file"],
  ["labels.csv", "a.png\nb.png", "labels.csv, line 1: must be a file and a label"],
])("wrong labels of %s: %s", async (path, content, message) => {
  const files = [
    ...["b.png", "a.png"].map((name) => ({ path: name, data: png })),
    { path, data: fromText(content) },
  ];
  await expect(openData(files)).rejects.toThrow(message);
});

test("files of the browser: those of a chosen folder, and single ones", async () => {
  const chosen = ["photos/cat/1.png", "photos/dog/1.png"].map((path) =>
    Object.defineProperty(new File([png], "1.png"), "webkitRelativePath", { value: path }),
  );
  const data = await openData(chosen);
  expect([data.classes, await labelsOf(data)]).toEqual([
    ["cat", "dog"],
    [0, 1],
  ]);
  expect(
    (await openData(Object.defineProperty(new File([png], "1.png"), "webkitRelativePath", { value: "" })))
      .count,
  ).toBe(1);
  // The folder that was chosen is no class.
  const flat = await openData(
    Object.defineProperty(new File([png], "1.png"), "webkitRelativePath", { value: "photos/1.png" }),
  );
  expect(flat.classes).toBe(undefined);
});

test("images without labels, and with a map", async () => {
  const files = ["b.png", "a.png"].map((path) => ({ path, data: new Blob([png]) }));
  const data = await openData(files);
  expect((await collect(data))[0]!.targets).toEqual({});
  expect(await labelsOf(await openData(files, { labels: { "a.png": 0, "b.png": 5 } }))).toEqual([0, 5]);
  expect(await data.hash()).not.toBe(await (await openData(files, { preprocessing: exact })).hash());
});

test("a broken image is named, or left out", async () => {
  const files = [
    { path: "cat/a.png", data: png },
    { path: "cat/b.png", data: png.slice(0, 100) },
    { path: "dog/c.png", data: png },
    { path: "dog/d.jpg", data: fromText("<html>") },
  ];
  await expect(collect(await openData(files))).rejects.toThrow("cat/b.png: cannot be decoded as an image");
  const broken: string[] = [];
  const data = await openData(files, { onBroken: ({ source }) => broken.push(source), preprocessing: exact });
  expect([await labelsOf(data), broken]).toEqual([
    [0, 1],
    ["cat/b.png", "dog/d.jpg"],
  ]);
});

test("images of different sizes need preprocessing", async () => {
  const files = [
    { path: "a.png", data: png },
    { path: "b.jpg", data: file("ramp.jpg") },
  ];
  await expect(collect(await openData(files))).rejects.toThrow("resize or crop images");
  const [batch] = await collect(await openData(files, { preprocessing: { resize: { size: [4, 6] } } }));
  expect(batch!.feeds.input!.shape).toEqual([2, 3, 4, 6]);
});

test("CIFAR: planes of red, green and blue behind a label", async () => {
  const record = (label: number) => join([label], noise(3072));
  const files = [
    { path: "data_batch_1.bin", data: record(3) },
    { path: "data_batch_2.bin.gz", data: bytesOf(gzipSync(join(record(9), record(0)))) },
  ];
  const data = await openData(files, { preprocessing: { dtype: "uint8", input: "x" } });
  expect([data.count, await labelsOf(data), data.classes?.[3]]).toEqual([3, [3, 9, 0], "cat"]);
  // Planes are what a model of layout nchw gets.
  expect((await feedsOf(data.skip(1).take(1)))[0]).toEqual([...noise(3072)]);
});

test("MNIST: idx files, compressed or not", async () => {
  const images = join(
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3],
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  const labels = join([0, 0, 8, 1, 0, 0, 0, 2], [7, 4]);
  const files = [
    { path: "t10k-images-idx3-ubyte.gz", data: bytesOf(gzipSync(images)) },
    { path: "t10k-labels-idx1-ubyte", data: labels },
  ];
  const data = await openData(files, { preprocessing: { color: "gray", input: "x" } });
  expect([await feedsOf(data), await labelsOf(data)]).toEqual([
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    [7, 4],
  ]);
  expect((await collect(data))[0]!.feeds.x!.shape).toEqual([2, 1, 2, 3]);
  await expect(openData([{ path: "a-idx3-ubyte", data: images.slice(0, 20) }])).rejects.toThrow(
    "has 20 bytes, and its header needs 28",
  );
  await expect(
    openData([
      { path: "a-idx3-ubyte", data: images },
      { path: "b-idx3-ubyte", data: images },
    ]),
  ).rejects.toThrow("both images");
});

test("archives in archives are not opened, and what expands is counted together", async () => {
  const inner = zipSync({ "a.png": png });
  await expect(openData({ path: "a.zip", data: zipSync({ "b.zip": inner }) })).rejects.toThrow(
    "holds nothing that can be read (b.zip)",
  );
  const packed = gzipSync(new Uint8Array(3073));
  const files = ["1.bin.gz", "2.bin.gz"].map((path) => ({ path, data: packed }));
  expect((await openData(files, { limits: { memory: 7000 } })).count).toBe(2);
  await expect(openData(files, { limits: { memory: 5000 } })).rejects.toThrow(
    "2.bin.gz: expands to more than 1927 bytes",
  );
  const header = fromText("{'descr': '|u1', 'fortran_order': False, 'shape': (2000,), }");
  const npy = join(
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0],
    header,
    new Uint8Array(2000),
  );
  const npz = { path: "a.npz", data: zipSync({ "x.npy": npy, "y.npy": npy }) };
  expect(await openData(npz, { limits: { memory: 5000 } }).then(({ count }) => count)).toBe(2000);
  await expect(openData(npz, { limits: { memory: 3000 } })).rejects.toThrow(
    /x.npy: and what lies beside it expand to \d+ bytes/,
  );
  expect((await openData(npz, { limits: { memory: 3000 }, feeds: { x: "x" } })).count).toBe(2000);
});

test("what cannot be read says what was looked for", async () => {
  await expect(openData({ path: "a.docx", data: strToU8("x") as Uint8Array<ArrayBuffer> })).rejects.toThrow(
    /a\.docx: holds nothing that can be read \(a\.docx\)\. Looked for: images/,
  );
  await expect(openData([])).rejects.toThrow("the files: holds nothing that can be read (no files)");
  await expect(openData([{ path: "a.png", data: png }], { preprocessing: { crop: 0 } })).rejects.toThrow(
    "preprocessing.crop",
  );
  await expect(openData([{ path: "a.png", data: png }], { limits: { pixels: 0 } })).rejects.toThrow(
    DataError,
  );
  await expect(openData([{ path: "a.png", data: png }], { batchSize: 0 })).rejects.toThrow(
    "batchSize: must be a positive integer, not 0",
  );
});
