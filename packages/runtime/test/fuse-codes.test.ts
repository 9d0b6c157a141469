/** Chains between codes are one kernel, or a table, with the same codes as from the kernels one by one. */
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BothBackends } from "./support/fusion.ts";
import { dequantize, Qdq, quantize } from "./support/qdq.ts";
import { randomFloats, randomIntegers } from "./support/random.ts";

let both: BothBackends;
beforeAll(async () => {
  both = await BothBackends.open();
});
afterAll(() => both[Symbol.asyncDispose]());

const shape = [2, 3, 4];
const x = randomFloats(shape, 1, 4);
const codes = randomIntegers("uint8", shape, 2, 0, 256);
const others = randomIntegers("int8", shape, 3, -128, 128);

const qdq = new Qdq()
  .code("a", 0.05, "uint8", 120)
  .code("b", 0.04, "int8", -3)
  .code("c", 0.06, "uint8", 100)
  .code("d", 0.07, "int8", 5);
const { constants } = qdq;
const feeds = { a: codes, b: others };

test("a sum of codes of two formats is one kernel", async () => {
  const nodes = [
    dequantize("a", "da", "a"),
    dequantize("b", "db", "b"),
    makeNode("Add", ["da", "db"], ["s"]),
    makeNode("Relu", ["s"], ["r"]),
    quantize("r", "y", "c"),
  ];
  expect(await both.run(nodes, { feeds, constants })).toEqual({
    fused: ["elementwise uint8 -> uint8: dequantize, dequantize, add, relu, quantize"],
    plain: 5,
  });
});

test("QLinearAdd and QLinearMul are one kernel each; codes that are constants are numbers", async () => {
  const domain = { domain: "com.microsoft" };
  const part = (name: string) => [name, `${name}_scale`, `${name}_zero`];
  const more = { ...constants, c: randomIntegers("uint8", [4], 9, 0, 256) };
  const nodes = [
    makeNode("QLinearAdd", [...part("a"), ...part("c"), "c_scale", "c_zero"], ["s"], domain),
    makeNode("QLinearMul", ["s", "c_scale", "c_zero", ...part("a"), "c_scale", "c_zero"], ["y"], domain),
  ];
  expect((await both.run(nodes, { feeds: { a: codes }, constants: more })).fused).toEqual([
    "elementwise uint8 -> uint8: dequantize, add, add, quantize",
    "elementwise uint8 -> uint8: dequantize, dequantize, mul, mul, add, quantize",
  ]);
});

test.each([
  ["HardSwish", ["HardSwish"]],
  ["Neg and Gelu", ["Neg", "Gelu"]],
  ["nothing", []],
])("%s between codes is a table", async (_, operators) => {
  const nodes = [
    dequantize("b", "v0", "b"),
    ...operators.map((opType, i) => makeNode(opType, [`v${i}`], [`v${i + 1}`])),
    quantize(`v${operators.length}`, "y", "c"),
  ];
  const every = tensor(
    "int8",
    [256],
    Array.from({ length: 256 }, (_, i) => i - 128),
  );
  expect(await both.run(nodes, { feeds: { b: every }, constants })).toEqual({
    fused: ["lookup int8 -> uint8"],
    plain: operators.length + 2,
  });
});

test("a function that backends round in their own ways does not end in codes with others", async () => {
  const nodes = [
    dequantize("a", "da", "a"),
    dequantize("b", "db", "b"),
    makeNode("Mul", ["da", "db"], ["m"]),
    makeNode("Tanh", ["m"], ["t"]),
    makeNode("Neg", ["t"], ["n"]),
    quantize("n", "y", "d"),
  ];
  expect((await both.run(nodes, { feeds, constants })).fused).toEqual([
    "elementwise uint8 -> float32: dequantize, dequantize, mul, tanh",
    "elementwise float32 -> int8: neg, quantize",
  ]);
});

test("codes that several chains read are decoded in each; nothing decodes them for all", async () => {
  const nodes = [
    dequantize("a", "da", "a"),
    makeNode("Neg", ["da"], ["n"]),
    makeNode("Relu", ["da"], ["r"]),
    makeNode("Add", ["da", "x"], ["s"]),
    quantize("n", "y", "c"),
    quantize("r", "z", "c"),
  ];
  const options = { feeds: { a: codes, x }, constants, outputs: ["y", "z", "s"] };
  const { fused } = await both.run(nodes, options);
  expect([...fused].sort()).toEqual([
    "elementwise uint8 -> float32: dequantize, add",
    "lookup uint8 -> uint8",
    "lookup uint8 -> uint8",
  ]);
  const kept = await both.run(nodes, { ...options, capture: ["da"] });
  expect(kept.fused[0]).toBe("dequantize uint8 -> float32");
  expect(kept.fused.slice(1).sort()).toEqual([...fused].sort());
});

test("codes in the middle are memory between two kernels", async () => {
  const nodes = [
    makeNode("Add", ["x", "x"], ["s"]),
    quantize("s", "q", "a"),
    dequantize("q", "d", "a"),
    makeNode("Mul", ["d", "x"], ["y"]),
  ];
  expect((await both.run(nodes, { feeds: { x }, constants })).fused).toEqual([
    "elementwise float32 -> uint8: add, quantize",
    "elementwise uint8 -> float32: dequantize, mul",
  ]);
});

test("scales for each channel keep their kernels", async () => {
  const scales = { s: tensor("float32", [3], [1, 0.5, 0.25]), z: tensor("uint8", [3], [1, 2, 3]) };
  const nodes = [makeNode("DequantizeLinear", ["a", "s", "z"], ["d"]), makeNode("Relu", ["d"], ["y"])];
  expect(await both.run(nodes, { feeds: { a: codes }, constants: scales })).toMatchObject({
    fused: ["dequantize uint8 -> float32", "unary float32 -> float32"],
  });
});
