/** Products of codes whose scales are constants are one integer kernel each, and nothing runs on the host. */
import { open } from "@bitbudget/backend-js";
import { type DType, type HostTensor, scalar, tensor } from "@bitbudget/core";
import { expect, test } from "vitest";
import { createSession } from "../../src/index.ts";
import { type OneNode, oneNode } from "../support/one-node.ts";

async function plan(node: OneNode): Promise<string[]> {
  const { model, feeds } = oneNode(node);
  await using backend = await open();
  await using session = await createSession(model, { backend });
  await session.run(feeds);
  return session.plan?.rows.map(({ kernel, how }) => `${how}: ${kernel}`) ?? [];
}

const scale = scalar("float32", 0.5);
const zero = scalar("uint8", 128);
const x = tensor("uint8", [2, 32]);
const w = tensor("int8", [32, 4]);
const scales = tensor("float32", [4], [1, 2, 3, 4]);
const zeros = tensor("int8", [4]);
const image = tensor("uint8", [1, 4, 8]);
const filters = tensor("int8", [4, 1, 3]);
const blocks = [tensor("float32", [2, 32]), tensor("uint8", [4, 2, 8]), tensor("float32", [4, 2])];

type Case = readonly [
  opType: string,
  inputs: readonly (HostTensor | undefined)[],
  output: DType,
  kernel: string,
  attributes?: OneNode["attributes"],
];
const nBits = { K: 32n, N: 4n, bits: 4n, block_size: 16n };
const cases: readonly Case[] = [
  [
    "QLinearMatMul",
    [x, scale, zero, w, scales, zeros, scale, zero],
    "uint8",
    "linear uint8 x int8 channel -> uint8",
  ],
  ["MatMulInteger", [x, w, zero], "int32", "linear uint8 x int8 tensor -> int32"],
  [
    "QLinearConv",
    [image, scale, zero, filters, scales, zeros, scale, zero],
    "uint8",
    "conv2d uint8 x int8 channel -> uint8",
    { group: 4n },
  ],
  ["ConvInteger", [image, filters, zero], "int32", "conv2d uint8 x int8 tensor -> int32", { group: 4n }],
  [
    "QGemm",
    [x, scale, zero, w, scale, scalar("int8", 0)],
    "float32",
    "linear uint8 x int8 tensor -> float32",
  ],
  [
    "MatMulIntegerToFloat",
    [x, w, scale, scales, zero, zeros],
    "float32",
    "linear uint8 x int8 channel -> float32",
  ],
  [
    "DynamicQuantizeMatMul",
    [tensor("float32", [2, 32]), w, scales, zeros],
    "float32",
    "linear dynamic uint8 x int8 channel -> float32",
  ],
  [
    "MatMulNBits",
    blocks,
    "float32",
    "linear dynamic int8 x uint4 block -> float32",
    { ...nBits, accuracy_level: 4n },
  ],
];
const standard = ["QLinearMatMul", "MatMulInteger", "QLinearConv", "ConvInteger"];

test.each(cases.map((one) => [one[0], one] as const))("%s", async (opType, one) => {
  const [, inputs, output, kernel, attributes = {}] = one;
  const constants = inputs.map((_, i) => i).slice(1);
  const domain = standard.includes(opType) ? "" : "com.microsoft";
  const rows = await plan({ opType, domain, inputs, constants, attributes, outputs: [output] });
  expect(rows).toEqual([`native: ${kernel}`]);
});

test("MatMulNBits reads its codes, and decodes them where activations stay floats", async () => {
  const node = {
    opType: "MatMulNBits",
    domain: "com.microsoft",
    inputs: blocks,
    constants: [1, 2],
    attributes: nBits,
  };
  expect(await plan({ ...node, outputs: ["float32"] })).toEqual([
    "decoded: linear float32 x uint4 block -> float32",
  ]);
});

test("a zero point that comes with the run leaves one product of codes and its correction", async () => {
  const node = { opType: "MatMulInteger", inputs: [x, w, zero], constants: [1], outputs: ["int32"] } as const;
  const rows = await plan(node);
  expect(rows.filter((row) => row.includes("linear"))).toEqual([
    "native: linear uint8 x int8 tensor -> int32",
  ]);
  expect(rows.every((row) => row.startsWith("native"))).toBe(true);
});
