import { open } from "@bitbudget/backend-wasm";
import { dequantize, tensor, valuesOf } from "@bitbudget/core";
import { copyModel, Graph, type ModelProto, makeNode, tensorValue, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  assign,
  type Block,
  codedWeight,
  gridOf,
  layersOf,
  nearest,
  QuantizeError,
  reconstructBlocks,
  roundedOf,
  roundedValues,
  roundSequentially,
  withWeights,
} from "../../src/index.ts";
import { blockModel, blocksOf } from "../../src/rounding/blocks.ts";
import { harden, soften } from "../../src/rounding/soft-weights.ts";
import { network, normals, relatedInputs } from "./support.ts";

const model = network();
const layers = layersOf(Graph.of(model));
const names = (blocks: readonly Block[]) =>
  blocks.map((block) => [block.input, block.layers.map(({ name }) => name).join(), block.outputs.join()]);

describe("blocks", () => {
  test("end in a value that everything goes through, after activation functions", () => {
    expect(names(blocksOf(model, layers))).toEqual([
      [undefined, "first", "b"],
      ["b", "depthwise,beside", "h"],
      ["h", "last", "y"],
    ]);
  });

  test("have as many layers as they should, and the last one the rest", () => {
    expect(names(blocksOf(model, layers, 2))).toEqual([[undefined, "first,depthwise,beside,last", "y"]]);
    expect(names(blocksOf(model, layers.slice(1), 2))).toEqual([[undefined, "depthwise,beside,last", "y"]]);
    expect(blocksOf(model, [])).toEqual([]);
  });

  test("are not held together by shapes, and end before probabilities", () => {
    const other = copyModel(model);
    const graph = Graph.of(other);
    const flatten = graph.nodes.find(({ opType }) => opType === "Flatten")!;
    graph.replaceNode(
      flatten,
      makeNode("Shape", ["x"], ["s"], { attributes: { end: 1n } }),
      makeNode("Concat", ["s", "rest"], ["to"], { attributes: { axis: 0n } }),
      makeNode("Reshape", ["g", "to"], ["h"]),
    );
    graph.insert(makeNode("Softmax", ["y"], ["p"]));
    graph.proto.output[0]!.name = "p";
    graph.refresh();
    expect(names(blocksOf(other, layersOf(graph))).map(([, , output]) => output)).toEqual(["b", "h", "y"]);
  });

  test("one after the other compute what the model does", async () => {
    await using backend = await open({ threads: 1 });
    let values: Record<string, ReturnType<typeof tensor>> = {
      x: tensor("float32", [2, 3, 6, 6], normals(216, 1)),
    };
    await using whole = await createSession(model, { backend });
    const expected = (await whole.run(values)).y!;
    for (const block of blocksOf(model, layers)) {
      await using part = await createSession(blockModel(model, block), { backend });
      values = await part.run(values);
    }
    expect(values.y).toEqual(expected);
  });
});

describe("soft weights", () => {
  const weight = tensorValue(Graph.of(model).initializers.get("w1")!).data as Float32Array;
  const scheme = {
    dtype: "int4",
    granularity: { kind: "channel", axis: 0 },
    mapping: { kind: "affine", symmetric: true },
  } as const;
  const rounded = nearest(gridOf(weight, [6, 3, 3, 3], scheme, { bits: 3 }), weight);

  test.each([0, 1])("start from the float weight, or from what it was rounded to: %d", async (pull) => {
    const copy = copyModel(model);
    const soft = soften(Graph.of(copy), "w1", rounded, weight, pull);
    const expected = pull === 0 ? weight : roundedValues(rounded);
    await using backend = await open({ threads: 1 });
    await using session = await createSession(copy, { backend });
    await using plain = await createSession(withWeights(model, new Map()), { backend });
    const feeds = { x: tensor("float32", [1, 3, 6, 6], normals(108, 1)) };
    const value = Graph.of(copy).nodes.find(({ name, opType }) => opType === "Conv" && name === "first")!
      .input[1]!;
    const found = valuesOf((await session.run(feeds, { capture: [value] }))[value]!);
    const step = Math.max(...rounded.grid.scales);
    found.forEach((x, i) => {
      expect(Math.abs(x - expected[i]!)).toBeLessThan(0.011 * step);
    });
    if (pull === 0) {
      const [a, b] = [(await session.run(feeds)).y!, (await plain.run(feeds)).y!];
      expect(Math.abs(Number(a.data[0]) - Number(b.data[0]))).toBeLessThan(0.2);
    }
    const logits = tensorValue(Graph.of(copy).initializers.get(soft.logits)!).data as Float32Array;
    const hard = harden(soft, logits, new Float32Array(6).fill(2));
    expect(hard.ranks).toEqual(rounded.ranks);
    expect(hard.grid.scales).toEqual(rounded.grid.scales.map((scale) => 2 * scale));
  });

  test("are read back from codes", () => {
    const schemes = [
      [scheme, 3],
      [{ ...scheme, dtype: "uint4", mapping: { kind: "affine", symmetric: false } }, undefined],
      [{ ...scheme, dtype: "uint4", mapping: { kind: "codebook", table: "nf4" } }, undefined],
      [{ ...scheme, dtype: "uint4", mapping: { kind: "codebook", table: "kmeans" } }, 3],
      [{ ...scheme, mapping: { kind: "log2" } }, undefined],
      [{ ...scheme, dtype: "float8_e4m3fn" }, undefined],
    ] as const;
    for (const [each, bits] of schemes) {
      const coded = codedWeight(nearest(gridOf(weight, [6, 3, 3, 3], each, { bits }), weight));
      const back = roundedOf(coded, bits);
      expect(codedWeight(back)).toEqual(coded);
      expect(roundedValues(back)).toEqual(dequantize(coded));
    }
  });
});

describe("reconstruction block by block", () => {
  const batches = [0, 1, 2].map((i) => ({
    feeds: { x: tensor("float32", [8, 3, 6, 6], relatedInputs(8 * 9, 12, 10 + i)) },
    targets: {},
  }));
  const assignment = assign(layers, () => ({ weight: { dtype: "int2", range: "mse" } as const }));

  async function outputError(given: ModelProto): Promise<number> {
    await using backend = await open({ threads: 1 });
    await using before = await createSession(model, { backend });
    await using after = await createSession(given, { backend });
    let sum = 0;
    for (const { feeds } of batches) {
      const [a, b] = [valuesOf((await before.run(feeds)).y!), valuesOf((await after.run(feeds)).y!)];
      for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
    }
    return sum;
  }

  test("comes nearer to the float model than layer by layer, the same way every time", async () => {
    await using backend = await open({ threads: 1 });
    const start = await roundSequentially(model, assignment, batches, { backend });
    const bytes = writeModel(start.model);
    const errors: number[][] = [];
    const options = {
      backend,
      steps: 60,
      batch: 8,
      onBlock: (_: Block, ...pair: number[]) => errors.push(pair),
    };
    const found = await reconstructBlocks(model, start, assignment, batches, options);
    const plain = await outputError(withWeights(start.model, start.weights));
    expect(await outputError(withWeights(found.model, found.weights))).toBeLessThan(0.8 * plain);
    expect(errors).toHaveLength(1);
    for (const [before = 0, after = 0] of errors) expect(after).toBeLessThan(before);
    expect([...found.weights.keys()].sort()).toEqual([...start.weights.keys()].sort());
    expect(writeModel(start.model)).toEqual(bytes);
    expect(await reconstructBlocks(model, start, assignment, batches, options)).toEqual(found);
  });

  test("needs batches", async () => {
    await using backend = await open({ threads: 1 });
    const start = await roundSequentially(model, assignment, [], { backend, method: "nearest" });
    await expect(reconstructBlocks(model, start, assignment, [], { backend })).rejects.toThrow(QuantizeError);
  });
});
