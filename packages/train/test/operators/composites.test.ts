/** Operators that become several in a training step: against the operator itself, and against central differences. */
import { elementCount, tensor } from "@bitbudget/core";
import { describe } from "vitest";
import { numbers } from "../gradients/finite-differences.ts";
import { type Composite, check, microsoft } from "./composite.ts";

const integers = (shape: readonly number[], ...values: number[]) =>
  tensor("int64", shape, values.map(BigInt));
const positive = (shape: readonly number[], seed: number) =>
  tensor(
    "float64",
    shape,
    Float64Array.from(numbers(shape, seed).data, (x) => 0.3 + Math.abs(x)),
  );

const layer = (shape: readonly number[], axis: number, norm = shape.slice(axis)): Composite => ({
  opType: "LayerNormalization",
  attributes: { axis: BigInt(axis), epsilon: 1e-3 },
  inputs: [numbers(shape, 1), numbers(norm, 2), numbers(norm, 3)],
});

const norms: Readonly<Record<string, Composite>> = {
  "LayerNormalization over the last axis": layer([2, 3, 5], -1),
  "LayerNormalization over two axes": layer([2, 3, 4], 1),
  "LayerNormalization over everything": layer([2, 3], 0),
  "LayerNormalization with a scale that is the same for a row": layer([2, 3, 4], 1, [3, 1]),
  "LayerNormalization without a bias": { ...layer([4, 5], 1), inputs: layer([4, 5], 1).inputs.slice(0, 2) },
  // Statistics are saved in float32.
  "LayerNormalization with its statistics": {
    ...layer([2, 5], 1),
    outputs: ["y", "mean", "inverse"],
    tolerance: 1e-6,
  },
  RMSNormalization: {
    opType: "RMSNormalization",
    attributes: { epsilon: 1e-2 },
    inputs: [numbers([2, 3, 4], 1), numbers([4], 2)],
  },
  "RMSNormalization over two axes": {
    opType: "RMSNormalization",
    attributes: { axis: -2n },
    inputs: [numbers([2, 3, 4], 1), numbers([3, 4], 2)],
  },
  SimplifiedLayerNormalization: {
    opType: "SimplifiedLayerNormalization",
    inputs: [numbers([3, 4], 1), numbers([4], 2)],
    outputs: ["y", "inverse"],
    tolerance: 1e-6,
  },
  ...Object.fromEntries(
    [
      [2, 4, 3, 2],
      [3, 4, 5],
      [1, 4, 2, 1, 2],
    ].flatMap((shape) => [
      [
        `InstanceNormalization [${shape}]`,
        {
          opType: "InstanceNormalization",
          attributes: { epsilon: 1e-3 },
          inputs: [numbers(shape, 1), numbers([4], 2), numbers([4], 3)],
        },
      ],
      ...[1n, 2n, 4n].map((num_groups) => [
        `GroupNormalization [${shape}] in ${num_groups}`,
        {
          opType: "GroupNormalization",
          attributes: { num_groups, epsilon: 1e-3 },
          inputs: [numbers(shape, 1), numbers([4], 2), numbers([4], 3)],
        },
      ]),
    ]),
  ),
  MeanVarianceNormalization: { opType: "MeanVarianceNormalization", inputs: [numbers([2, 3, 2, 2])] },
  "MeanVarianceNormalization over other axes": {
    opType: "MeanVarianceNormalization",
    attributes: { axes: [1n, -1n] },
    inputs: [numbers([2, 3, 4])],
  },
  "LpNormalization 1": {
    opType: "LpNormalization",
    attributes: { p: 1n, axis: 1n },
    inputs: [numbers([2, 3, 4])],
  },
  "LpNormalization 2": { opType: "LpNormalization", inputs: [numbers([2, 3, 4])] },
  ...Object.fromEntries(
    [1n, 2n, 3n].map((size) => [
      `LRN of ${size}`,
      {
        opType: "LRN",
        attributes: { size, alpha: 0.5, beta: 0.6, bias: 1.5 },
        inputs: [numbers([2, 5, 2, 3])],
      },
    ]),
  ),
  ...Object.fromEntries(
    [true, false].map((sumBias) => [
      `SkipLayerNormalization ${sumBias ? "with" : "without"} a bias of the sum`,
      {
        opType: "SkipLayerNormalization",
        domain: microsoft,
        attributes: { epsilon: 1e-3 },
        inputs: [
          ...[numbers([2, 3, 4], 1), numbers([2, 3, 4], 2), numbers([4], 3), numbers([4], 4)],
          ...(sumBias ? [numbers([4], 5)] : []),
        ],
        outputs: ["y", "", "", "sum"],
      },
    ]),
  ),
  SkipSimplifiedLayerNormalization: {
    opType: "SkipSimplifiedLayerNormalization",
    domain: microsoft,
    attributes: { epsilon: 1e-3 },
    inputs: [numbers([2, 3, 4], 1), numbers([2, 3, 4], 2), numbers([4], 3), numbers([4], 4)],
    outputs: ["y", "", "inverse", "sum"],
    tolerance: 1e-6,
  },
};

const activations: Readonly<Record<string, Composite>> = {
  Gelu: { opType: "Gelu", inputs: [numbers([3, 4])] },
  "Gelu by tanh": { opType: "Gelu", attributes: { approximate: "tanh" }, inputs: [numbers([3, 4])] },
  "com.microsoft.Gelu": { opType: "Gelu", domain: microsoft, inputs: [numbers([3, 4])] },
  QuickGelu: { opType: "QuickGelu", domain: microsoft, inputs: [numbers([3, 4])] },
  BiasGelu: { opType: "BiasGelu", domain: microsoft, inputs: [numbers([3, 4], 1), numbers([4], 2)] },
  FastGelu: { opType: "FastGelu", domain: microsoft, inputs: [numbers([3, 4])] },
  "FastGelu with a bias": {
    opType: "FastGelu",
    domain: microsoft,
    inputs: [numbers([3, 4], 1), numbers([4], 2)],
  },
  SwiGLU: { opType: "SwiGLU", attributes: { alpha: 1.5 }, inputs: [numbers([3, 4], 1), numbers([3, 4], 2)] },
};

const losses: Readonly<Record<string, Composite>> = Object.fromEntries(
  ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"].flatMap((opType) =>
    ["mean", "sum", "none"].flatMap((reduction) =>
      [
        [3, 4],
        [2, 4, 3],
      ].flatMap((shape) =>
        [
          [undefined, false],
          [2n, false],
          [-1n, true],
        ].map(([ignore_index, weighted]): [string, Composite] => {
          const positions = shape.toSpliced(1, 1);
          const labels = Array.from({ length: elementCount(positions) }, (_, i) => (i * 3 + 2) % 4);
          if (ignore_index === -1n) labels[1] = -1;
          const weights = weighted ? [positive([4], 3)] : [];
          return [
            `${opType} [${shape}] ${reduction}, ignoring ${ignore_index}, ${weighted ? "" : "not "}weighted`,
            {
              opType,
              attributes: { reduction, ...(typeof ignore_index === "bigint" ? { ignore_index } : {}) },
              inputs: [numbers(shape, 1), integers(positions, ...labels), ...weights],
            },
          ];
        }),
      ),
    ),
  ),
);

const embed = (...more: Composite["inputs"]): Composite => ({
  opType: "EmbedLayerNormalization",
  domain: microsoft,
  attributes: { epsilon: 1e-2 },
  inputs: [
    tensor("int32", [2, 3], [4, 0, 1, 1, 2, 4]),
    tensor("int32", [2, 3], [0, 0, 1, 0, 1, 1]),
    ...[numbers([5, 4], 1), numbers([6, 4], 2), numbers([2, 4], 3), numbers([4], 4), numbers([4], 5)],
    ...more,
  ],
  outputs: ["y", "", "sum"],
});
const matMul = (a: readonly number[], b: readonly number[], attributes = {}): Composite => ({
  opType: "FusedMatMul",
  domain: microsoft,
  attributes: { alpha: 0.5, ...attributes },
  inputs: [numbers(a, 1), numbers(b, 2)],
});
const activated = (
  opType: string,
  inputs: Composite["inputs"],
  attributes: Composite["attributes"],
): Composite => ({
  opType,
  domain: microsoft,
  inputs,
  attributes: attributes ?? {},
});
const image = [numbers([2, 2, 4, 3], 1), numbers([3, 2, 3, 3], 2), numbers([3], 3)];
const fused: Readonly<Record<string, Composite>> = {
  EmbedLayerNormalization: embed(),
  "EmbedLayerNormalization with positions": embed("", tensor("int32", [2, 3], [5, 0, 1, 1, 2, 3])),
  FusedMatMul: matMul([2, 3, 4], [2, 4, 5]),
  "FusedMatMul of transposed": matMul([2, 4, 3], [5, 4], { transA: 1n, transB: 1n }),
  "FusedMatMul of a vector": matMul([4], [4, 5], { transA: 1n }),
  ...Object.fromEntries(
    [
      { activation: "Relu" },
      { activation: "Tanh" },
      { activation: "Sigmoid" },
      { activation: "LeakyRelu", activation_alpha: 0.25 },
    ].map((attributes) => [
      `FusedGemm, ${attributes.activation}`,
      activated("FusedGemm", [numbers([3, 4], 1), numbers([5, 4], 2), numbers([5], 3)], {
        ...attributes,
        ...{ transB: 1n, alpha: 0.5 },
      }),
    ]),
  ),
  ...Object.fromEntries(
    [
      { activation: "Relu" },
      { activation: "Clip", activation_params: Float32Array.of(-0.5, 0.75) },
      { activation: "HardSigmoid", activation_params: Float32Array.of(0.25, 0.5) },
    ].map((attributes) => [
      `FusedConv, ${attributes.activation}`,
      activated("FusedConv", image, { ...attributes, pads: [1n, 1n, 1n, 1n], strides: [1n, 2n] }),
    ]),
  ),
  "FusedConv of a sum": activated("FusedConv", [...image, numbers([2, 3, 2, 1], 4)], { activation: "Relu" }),
};

describe("fused operators", () => check(fused));
describe("normalizations", () => check(norms));
describe("activations", () => check(activations));
describe("losses", () => check(losses));
