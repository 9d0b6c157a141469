/**
 * Products of codes beyond the suite: sizes around the edges of quads, panels, tiles and blocks of rows; every form in which
 * activations come; ranges cut in pieces, as threads cut them.
 */
import { type Backend, createBackend, type KernelSpec, type WeightedAttributes } from "@bitbudget/backend";
import { type Case, defineCase, runCase } from "@bitbudget/conformance";
import { describe, expect, test } from "vitest";
import type { Context } from "../src/context.ts";
import { createContext } from "../src/create-context.ts";
import { wasmDevice } from "../src/device.ts";
import { kernels } from "../src/kernels/index.ts";

type Formats = readonly [activation: "uint8" | "int8" | "float32", attributes: WeightedAttributes];

const channel = { kind: "channel" } as const;
const formats: readonly Formats[] = [
  ["uint8", { weight: { dtype: "int8", granularity: channel }, bias: "int32", output: "uint8" }],
  ["int8", { weight: { dtype: "uint8", granularity: channel, zeroPoint: true }, output: "int32" }],
  [
    "int8",
    { weight: { dtype: "int8", granularity: channel, zeroPoint: true }, bias: "float32", output: "float32" },
  ],
  [
    "float32",
    {
      weight: { dtype: "uint8", granularity: channel },
      output: "float32",
      dynamic: { dtype: "uint8", granularity: "tensor" },
    },
  ],
];
const byRow: Formats = [
  "float32",
  {
    weight: { dtype: "int8", granularity: channel },
    output: "float32",
    dynamic: { dtype: "int8", granularity: "row" },
  },
];

/** Rows, depth, channels. */
const sizes = [
  [1, 5, 31],
  [1, 64, 40],
  [2, 7, 17],
  [3, 33, 8],
  [5, 16, 9],
  [7, 130, 25],
  [11, 4, 24],
  [199, 3, 5],
  [400, 18, 10],
  [3, 4099, 9],
  [13, 20000, 8],
] as const;

const linears: readonly Case[] = sizes.flatMap(([rows, depth, channels]) =>
  [...formats, byRow].map(([activation, attributes], i) =>
    defineCase(`linear/codes/${rows}x${depth}to${channels}/${i}`, {
      op: "linear",
      inputs: [{ dtype: activation, shape: [rows, depth] }],
      attributes: { ...attributes, channels },
    }),
  ),
);

type Geometry = Omit<KernelSpec<"conv2d">["attributes"], keyof WeightedAttributes>;
const plain = { layout: "nhwc", dilations: [1, 1], strides: [1, 1], pads: [1, 1, 1, 1], groups: 1 } as const;
const images: readonly (readonly [channels: number, Geometry])[] = [
  [3, { ...plain, kernel: [3, 3], strides: [2, 2], channels: 17 }],
  [20, { ...plain, kernel: [3, 3], channels: 9 }],
  [12, { ...plain, kernel: [3, 2], dilations: [2, 3], channels: 15, groups: 3 }],
  [6, { ...plain, kernel: [1, 1], pads: [0, 0, 0, 0], channels: 50, groups: 2 }],
  [5, { ...plain, kernel: [3, 3], channels: 15, groups: 5 }],
  [9, { ...plain, kernel: [1, 1], strides: [2, 1], channels: 8, layout: "nchw" }],
];

const convolutions: readonly Case[] = images.flatMap(([depth, geometry], i) =>
  formats.map(([activation, attributes], j) => {
    const shape = geometry.layout === "nhwc" ? [2, 11, 13, depth] : [2, depth, 11, 13];
    return defineCase(`conv2d/codes/${i}/${j}`, {
      op: "conv2d",
      inputs: [{ dtype: activation, shape }],
      attributes: { ...attributes, ...geometry },
    });
  }),
);

function backendOf(context: Context): Backend {
  const device = wasmDevice(context.memory, { key: "test", description: "", imageLayout: "nhwc" }, () => {});
  return createBackend({ name: "wasm", device, context, kernels });
}

/** Runs ranges in pieces, the last piece first. */
function inPieces(context: Context): Context {
  return {
    ...context,
    run(name, total, _work, ...args) {
      const kernel = context.exports[name] as (...all: number[]) => void;
      const cuts = [0, total * 0.1, total * 0.45, total * 0.5, total].map(Math.floor);
      for (let i = cuts.length - 1; i > 0; i--)
        if (cuts[i]! > cuts[i - 1]!) kernel(cuts[i - 1]!, cuts[i]!, ...args);
    },
  };
}

const contexts: { readonly [name: string]: () => Promise<Context> } = {
  "relaxed build": () => createContext({ build: "relaxed" }),
  "relaxed build, 16-bit products": async () => ({
    ...(await createContext({ build: "relaxed" })),
    dot: "seven",
  }),
  "simd build": () => createContext({ build: "simd" }),
  "relaxed build in pieces": async () => inPieces(await createContext({ build: "relaxed" })),
  "simd build in pieces": async () => inPieces(await createContext({ build: "simd" })),
};

describe.each(Object.keys(contexts))("%s", (name) => {
  test.each([
    ["linear", linears],
    ["conv2d", convolutions],
  ])("%s on codes of all sizes", async (_, cases) => {
    await using backend = backendOf(await contexts[name]!());
    const failures = [];
    for (const each of cases) {
      const result = await runCase(backend, each);
      if (result.status !== "passed") failures.push({ id: each.id, ...result });
    }
    expect(failures).toEqual([]);
  });
});
