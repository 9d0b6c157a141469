/** Depthwise convolutions beyond the suite: sizes around the edges of vectors, tiles and images, in both builds. */

import type { KernelSpec } from "@bitbudget/backend";
import { type BuildName, open } from "@bitbudget/backend-wasm";
import { describe, expect, test } from "vitest";
import { type Case, defineCase, runCase } from "../../src/index.ts";

type Window = Pick<KernelSpec<"conv2d">["attributes"], "kernel" | "strides" | "dilations" | "pads">;

const windows: { readonly [name: string]: Window } = {
  "3x3 same": { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] },
  "3x3 stride 2": { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 1, 1] },
  "5x5 dilated": { kernel: [5, 5], strides: [1, 2], dilations: [2, 1], pads: [4, 3, 4, 1] },
  "1x7 wider than the image": { kernel: [1, 7], strides: [1, 3], dilations: [1, 2], pads: [0, 6, 0, 6] },
  "3x3 in the padding alone": { kernel: [3, 3], strides: [3, 3], dilations: [1, 1], pads: [5, 5, 5, 5] },
};

function cases(): Case[] {
  const list: Case[] = [];
  for (const [name, window] of Object.entries(windows))
    for (const channels of [2, 3, 8, 15, 16, 17, 35])
      for (const [activation, weight, output] of [
        ["float32", "float32", "float32"],
        ["uint8", "int8", "uint8"],
        ["int8", "uint8", "int8"],
      ] as const) {
        const coded = weight !== "float32";
        list.push(
          defineCase(`conv2d/depthwise/${name}/${channels}/${activation}`, {
            op: "conv2d",
            inputs: [{ dtype: activation, shape: [2, 7, 9, channels] }],
            attributes: {
              ...window,
              layout: "nhwc",
              channels,
              groups: channels,
              weight: {
                dtype: weight,
                ...(coded && { granularity: { kind: "channel" }, zeroPoint: weight === "uint8" }),
              },
              bias: coded ? "int32" : "float32",
              activation: { fn: "clip", min: -0.5, max: 1 },
              output,
            },
          }),
        );
      }
  return list;
}

describe.each<BuildName>(["relaxed", "simd"])("%s", (build) => {
  test("depthwise convolutions of all sizes", async () => {
    await using backend = await open({ build });
    const failures = [];
    for (const each of cases()) {
      const result = await runCase(backend, each);
      if (result.status !== "passed") failures.push({ id: each.id, ...result });
    }
    expect(failures).toEqual([]);
  });
});
