/** Where the time of a step goes, by the names of the model's nodes. */
import { expect, test } from "vitest";
import { adamW, createTrainer, crossEntropy } from "../../src/index.ts";
import { stepProfile } from "../../src/profile.ts";
import { backends } from "../backends.ts";
import { mlp, moons } from "../models.ts";

test("kernels have the names of the nodes that they are of, forwards and backwards", async () => {
  await using backend = await backends["backend-js"]!();
  await using trainer = await createTrainer(mlp([2, 4, 2]), {
    backend,
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adamW({ learningRate: 0.01 }),
  });
  const batch = moons(16, 1);
  await trainer.step(batch);
  const before = trainer.checkpoint();
  const { kernels } = await trainer.profile(batch);
  const names = new Set(kernels.flatMap(({ node }) => node.split(" + ")));
  // Tanh is part of the product's kernel, and its gradient a kernel of its own.
  for (const name of ["layer 0", "layer 1", "cross-entropy of logits"]) expect(names).toContain(name);
  for (const name of ["layer 0", "tanh 0", "layer 1", "cross-entropy of logits"])
    expect(names).toContain(`gradient of ${name}`);
  expect(trainer.checkpoint()).toEqual(before);
});

test("the table has the longest first, and everything once", () => {
  const row = (node: string, ms: number) => ({
    ...{ node, ms, opType: "Conv", kernel: "", reason: "", outputs: [] },
    how: "native" as const,
  });
  const profile = stepProfile([row("a", 1), row("b", 2), row("a", 3)], 8, 2);
  expect(profile.kernelMs).toBe(6);
  expect(String(profile).split("\n")).toEqual([
    "a                           4.00 ms   40 %",
    "b                           2.00 ms   20 %",
    "copies and dispatching      2.00 ms   20 %",
    "optimizer                   2.00 ms   20 %",
    "step                       10.00 ms  100 %",
  ]);
  const many = Array.from({ length: 30 }, (_, i) => row(`node ${i}`, i));
  expect(String(stepProfile(many, 0, 0))).toMatch(/10 more nodes +45.00 ms/);
});
