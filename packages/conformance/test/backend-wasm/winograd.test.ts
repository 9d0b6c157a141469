/** 3x3 convolutions of the sizes that go through Winograd's transforms, with and without padding, in both builds. */
import { type BuildName, open } from "@bitbudget/backend-wasm";
import { describe, expect, test } from "vitest";
import { type Case, defineCase, runCase } from "../../src/index.ts";

function cases(): Case[] {
  const list: Case[] = [];
  const images = [
    [1, 8, 8],
    [2, 7, 9],
    [1, 13, 6],
    [3, 5, 5],
  ] as const;
  for (const [batch, height, width] of images)
    for (const [channels, filters] of [
      [16, 16],
      [20, 37],
      [64, 66],
    ] as const)
      for (const pads of [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
        [2, 0, 1, 2],
      ] as const)
        for (const layout of ["nhwc", "nchw"] as const) {
          const shape =
            layout === "nhwc" ? [batch, height, width, channels] : [batch, channels, height, width];
          list.push(
            defineCase(`conv2d/winograd/${shape.join("x")}-${filters}-${pads.join("")}-${layout}`, {
              op: "conv2d",
              inputs: [{ dtype: "float32", shape }],
              attributes: {
                layout,
                kernel: [3, 3],
                strides: [1, 1],
                dilations: [1, 1],
                pads,
                channels: filters,
                groups: 1,
                weight: { dtype: "float32" },
                bias: "float32",
                activation: { fn: "relu" },
                output: "float32",
              },
            }),
          );
        }
  return list;
}

describe.each<BuildName>(["relaxed", "simd"])("%s", (build) => {
  test("convolutions of all sizes", async () => {
    await using backend = await open({ build });
    const failures = [];
    for (const each of cases()) {
      const result = await runCase(backend, each);
      if (result.status !== "passed") failures.push({ id: each.id, ...result });
    }
    expect(failures).toEqual([]);
  });
});
