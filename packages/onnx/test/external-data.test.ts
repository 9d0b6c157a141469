/** External data in memory, Blobs and plans: the same model comes out, and no location leads out of its folder. */
import { describe, expect, test } from "vitest";
import {
  allTensors,
  blobSource,
  create,
  ExternalDataError,
  equals,
  externalize,
  type MessageInitShape,
  ModelFile,
  ModelProtoSchema,
  openBlob,
  parseModel,
  type TensorProto,
  type TensorProtoSchema,
  tensorValue,
  toTensorProto,
  writeModel,
} from "../src/index.ts";

const external = (
  name: string,
  entries: Record<string, string>,
  dims = [2n],
): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims,
  dataType: 1,
  dataLocation: 1,
  externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

const modelOf = (...initializer: ReturnType<typeof external>[]) =>
  create(ModelProtoSchema, { graph: { initializer } });
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe("external data in memory", () => {
  test("are found by location, offset and length", () => {
    const model = modelOf(
      external("a", { location: "one.bin" }),
      external("b", { location: "one.bin", offset: "8", length: "8" }),
      external("c", { location: "sub/two.bin", offset: "4" }),
    );
    const file = writeModel(model);
    const externalData = { "one.bin": floats(1, 2, 3, 4), "sub/two.bin": floats(5, 6, 7).buffer };
    const read = parseModel(file, { externalData });
    expect(read.graph!.initializer.map((t) => [...tensorValue(t).data])).toEqual([
      [1, 2],
      [3, 4],
      [6, 7],
    ]);
    expect(read.graph!.initializer[1]!.rawData.buffer).toBe(externalData["one.bin"].buffer);
    expect(equals(ModelProtoSchema, parseModel(file), model)).toBe(true);
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ["no location", {}, /no location/],
    ["an absolute path", { location: "/etc/passwd" }, /absolute/],
    ["a Windows path", { location: "C:\\weights.bin" }, /drive/],
    ["a network path", { location: "\\\\host\\share" }, /absolute/],
    ["a URL", { location: "https://example.com/w" }, /URL/],
    ["a path upwards", { location: "../w.bin" }, /leaves/],
    ["a path upwards, later", { location: "a/../../w.bin" }, /leaves/],
    ["a path upwards with backslashes", { location: "a\\..\\w.bin" }, /leaves/],
    ["a folder", { location: "a/" }, /does not name a file/],
    ["the folder itself", { location: "." }, /does not name a file/],
    ["a zero character", { location: "w\0.bin" }, /zero/],
    ["a property of every object", { location: "constructor" }, /no such entry/],
    ["a file that was not given", { location: "other.bin" }, /no such entry/],
    ["an offset beyond the end", { location: "w.bin", offset: "12" }, /cut off/],
    ["an offset that is no number", { location: "w.bin", offset: "0x10" }, /"0x10"/],
    ["a negative offset", { location: "w.bin", offset: "-1" }, /"-1"/],
    ["an offset beyond 2^53", { location: "w.bin", offset: "9007199254740993" }, /decimal/],
    ["a length that is not that of the shape", { location: "w.bin", length: "12" }, /needs 8 bytes and 12/],
  ];
  test.each(refused)("%s is refused", (_, entries, message) => {
    const file = writeModel(modelOf(external("w", entries)));
    const parse = () => parseModel(file, { externalData: { "w.bin": floats(1, 2, 3) } });
    expect(parse).toThrow(ExternalDataError);
    expect(parse).toThrow(message);
  });

  test("a shape larger than any memory is refused by the size of the file", () => {
    const file = writeModel(modelOf(external("w", { location: "w.bin" }, [2n ** 45n])));
    expect(() => parseModel(file, { externalData: { "w.bin": floats(1) } })).toThrow(/the file has 4/);
  });
});

describe("a model in Blobs", () => {
  const model = modelOf(
    external("a", { location: "one.bin", offset: "4" }),
    external("far", { location: "two.bin" }),
  );

  test("keeps its references, and reads the ranges that are asked for", async () => {
    const files = { "one.bin": new Blob([floats(1, 2, 3)]) };
    await using file = await openBlob(new Blob([writeModel(model)]), files);
    expect(equals(ModelProtoSchema, file.model, model)).toBe(true);
    const [a, far] = file.model.graph!.initializer;
    expect(await file.tensor(a!)).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(2, 3) });
    expect(equals(ModelProtoSchema, file.model, model)).toBe(true);
    await expect(file.tensor(far!)).rejects.toThrow(ExternalDataError);
    await file.load((tensor) => tensor.name === "a");
    expect(tensorValue(a!).data).toEqual(Float32Array.of(2, 3));
    await expect(file.load()).rejects.toThrow(/two\.bin/);
  });

  test("is refused when a file is too short", async () => {
    const short = new ModelFile(model, blobSource({ "one.bin": new Blob([floats(1, 2)]) }));
    await expect(short.tensor(model.graph!.initializer[0]!)).rejects.toThrow(/the file has 8/);
  });
});

describe("moving data out of a model", () => {
  const tensor = (name: string, elements: number): TensorProto =>
    toTensorProto(
      { dtype: "float32", shape: [elements], data: new Float32Array(elements).fill(elements) },
      name,
    );
  const model = create(ModelProtoSchema, {
    graph: {
      initializer: [tensor("a", 300), tensor("small", 3), tensor("b", 400)],
      node: [{ opType: "If", attribute: [{ name: "then_branch", g: { initializer: [tensor("c", 500)] } }] }],
    },
  });

  test("gives each its own aligned range, spreads them over files, and changes nothing else", () => {
    const before = writeModel(model);
    const location = (t: TensorProto) => (t.name === "b" ? "b.bin" : "rest.bin");
    const plan = externalize(model, { location });
    const placed = plan.placements.map((p) => [p.tensor.name, p.location, p.offset, p.length]);
    expect(placed).toEqual([
      ["a", "rest.bin", 0, 1200],
      ["b", "b.bin", 0, 1600],
      ["c", "rest.bin", 4096, 2000],
    ]);
    expect(writeModel(model)).toEqual(before);
    const files: Record<string, Uint8Array> = {
      "rest.bin": new Uint8Array(6096),
      "b.bin": new Uint8Array(1600),
    };
    for (const p of plan.placements) files[p.location]!.set(p.tensor.rawData, p.offset);
    const read = parseModel(writeModel(plan.model), { externalData: files });
    expect(equals(ModelProtoSchema, read, model)).toBe(true);
    expect([...allTensors(plan.model)].filter((t) => t.rawData.length > 0).map((t) => t.name)).toEqual([
      "small",
    ]);
  });

  test("refuses a location outside the folder", () => {
    expect(() => externalize(model, { location: "../w.bin" })).toThrow(ExternalDataError);
  });
});
