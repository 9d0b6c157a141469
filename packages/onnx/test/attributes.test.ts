/** Attribute helpers give values of the asked type, defaults, or an error that names node and attribute. */
import { describe, expect, test } from "vitest";
import {
  AttributeError,
  create,
  findAttribute,
  GraphProtoSchema,
  getFloat,
  getFloats,
  getGraph,
  getInt,
  getInts,
  getString,
  getStrings,
  getTensor,
  ModelProtoSchema,
  makeAttribute,
  makeNode,
  OpsetError,
  opsetVersion,
  setAttribute,
  toTensorProto,
} from "../src/index.ts";

const t = toTensorProto({ dtype: "int8", shape: [], data: Int8Array.of(1) });
const g = create(GraphProtoSchema, { name: "body" });
const node = makeNode("Op", [], ["out"], {
  name: "here",
  attributes: {
    i: -3n,
    f: 0.5,
    s: "grüße",
    raw: Uint8Array.of(0xff),
    t,
    g,
    ints: [1n, 2n],
    floats: Float32Array.of(0.5),
    strings: ["a", "b"],
    huge: 2n ** 60n,
    none: [],
  },
});

describe("attributes", () => {
  test("come back as they were set", () => {
    expect(getInt(node, "i")).toBe(-3);
    expect(getFloat(node, "f")).toBe(0.5);
    expect(getString(node, "s")).toBe("grüße");
    expect(getTensor(node, "t")).toBe(t);
    expect(getGraph(node, "g")).toBe(g);
    expect(getInts(node, "ints")).toEqual([1, 2]);
    expect(getInts(node, "none")).toEqual([]);
    expect(getFloats(node, "floats")).toEqual([0.5]);
    expect(getStrings(node, "strings")).toEqual(["a", "b"]);
  });

  test("have defaults, which do not excuse a wrong type", () => {
    expect([getInt(node, "x", 7), getFloat(node, "x", 0), getString(node, "x", "d")]).toEqual([7, 0, "d"]);
    expect([getInts(node, "x", [1]), getFloats(node, "x", []), getStrings(node, "x", [])]).toEqual([
      [1],
      [],
      [],
    ]);
    expect(() => getInt(node, "f", 7)).toThrow(/"f" of node "here" \(Op\) is FLOAT where INT belongs/);
    expect(() => getFloats(node, "ints", [])).toThrow(AttributeError);
  });

  test("are asked for by name, type and range", () => {
    for (const get of [getInt, getInts, getFloat, getFloats, getString, getStrings, getTensor, getGraph]) {
      expect(() => get(node, "absent")).toThrow(/"absent" of node "here" \(Op\) is missing/);
    }
    expect(() => getTensor(node, "g")).toThrow(AttributeError);
    expect(() => getInt(node, "huge")).toThrow(/2\^53/);
    expect(() => getString(node, "raw")).toThrow(/UTF-8/);
    const referring = makeNode("Op", [], []);
    referring.attribute.push(Object.assign(makeAttribute("i", 1n), { refAttrName: "outer" }));
    expect(() => getInt(referring, "i")).toThrow(/"outer" of a function/);
  });

  test("of files without types mean the field that is filled", () => {
    const old = makeNode("Op", [], [], {
      attributes: { i: 2n, f: 1.5, s: "x", ints: [3n], strings: ["y"], t },
    });
    for (const attribute of old.attribute) Reflect.deleteProperty(attribute, "type");
    expect([getInt(old, "i"), getFloat(old, "f"), getString(old, "s")]).toEqual([2, 1.5, "x"]);
    expect([getInts(old, "ints"), getStrings(old, "strings"), getTensor(old, "t")]).toEqual([[3], ["y"], t]);
  });

  test("are replaced and taken away", () => {
    const copy = makeNode("Op", [], [], { attributes: { a: 1n, b: 2n } });
    setAttribute(copy, "a", 5n);
    setAttribute(copy, "c", "new");
    setAttribute(copy, "b", undefined);
    setAttribute(copy, "nothing", undefined);
    expect(copy.attribute.map((attribute) => attribute.name)).toEqual(["a", "c"]);
    expect(getInt(copy, "a")).toBe(5);
    expect(findAttribute(copy, "b")).toBeUndefined();
  });
});

test("operator sets are found by either name of the standard domain", () => {
  const model = create(ModelProtoSchema, { opsetImport: [{ domain: "ai.onnx", version: 17n }] });
  expect([opsetVersion(model), opsetVersion(model, "ai.onnx")]).toEqual([17, 17]);
  expect(() => opsetVersion(model, "com.microsoft")).toThrow(OpsetError);
});
