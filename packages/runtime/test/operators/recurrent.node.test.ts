/**
 * LSTM, GRU and RNN equal onnxruntime in everything that their attributes and optional inputs can ask for: on the host,
 * where weights are fed, and as kernels, where they are constants.
 */
import { type HostTensor, tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

const [LENGTH, BATCH, INPUT, HIDDEN] = [5, 3, 4, 6];
const cells = { LSTM: { gates: 4, states: 2 }, GRU: { gates: 3, states: 1 }, RNN: { gates: 1, states: 1 } };
type Name = keyof typeof cells;

interface Variant {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly lengths?: readonly number[];
  readonly states?: boolean;
  readonly peepholes?: boolean;
  readonly bias?: boolean;
  readonly batchFirst?: boolean;
}

function layer(opType: Name, variant: Variant): OneNode {
  const { gates, states } = cells[opType];
  const { attributes = {}, lengths, batchFirst = false, bias = true } = variant;
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const [outer, inner] = batchFirst ? [BATCH, LENGTH] : [LENGTH, BATCH];
  const stateShape = batchFirst ? [BATCH, directions, HIDDEN] : [directions, BATCH, HIDDEN];
  const inputs: (HostTensor | undefined)[] = [
    randomFloats([outer, inner, INPUT], 1, 2),
    randomFloats([directions, gates * HIDDEN, INPUT], 2),
    randomFloats([directions, gates * HIDDEN, HIDDEN], 3),
    bias ? randomFloats([directions, 2 * gates * HIDDEN], 4) : undefined,
    lengths === undefined ? undefined : tensor("int32", [BATCH], lengths),
  ];
  for (let i = 0; i < states; i++) inputs.push(variant.states ? randomFloats(stateShape, 5 + i) : undefined);
  if (variant.peepholes) inputs.push(randomFloats([directions, 3 * HIDDEN], 7));
  return {
    opType,
    opset: 14,
    attributes: { hidden_size: BigInt(HIDDEN), ...(batchFirst ? { layout: 1n } : {}), ...attributes },
    inputs,
    outputs: Array.from({ length: 1 + states }, () => "float32"),
  };
}

/** onnxruntime computes in float32 and approximates sigmoid and tanh: each step adds a few of its last places. */
const TOLERANCE = 2e-5;

/** Weights, biases, lengths and peepholes. */
const constants = [1, 2, 3, 4, 7];

async function expectEqual(node: OneNode): Promise<void> {
  if (node.constants === undefined) await expectLikeOnnxruntime({ ...node, constants }, TOLERANCE);
  await expectLikeOnnxruntime(node, TOLERANCE);
}

const common: Readonly<Record<string, Variant>> = {
  "without bias": { bias: false },
  "initial states": { states: true },
  reverse: { attributes: { direction: "reverse" } },
  "lengths that are all the same": { lengths: [5, 5, 5] },
  bidirectional: { attributes: { direction: "bidirectional" }, states: true },
  clip: { attributes: { clip: 0.4 }, states: true },
  "unequal lengths": { lengths: [5, 2, 3], states: true },
  "unequal lengths, bidirectional": {
    lengths: [1, 5, 4],
    states: true,
    attributes: { direction: "bidirectional" },
  },
  "unequal lengths, none as long as the tensor": { lengths: [1, 2, 3], attributes: { direction: "reverse" } },
  "a sequence of length 0": { lengths: [3, 0, 5], states: true },
};

describe.each(["LSTM", "GRU", "RNN"] as const)("%s", (name) => {
  test.each(Object.entries(common))("%s", async (_, variant) => {
    await expectEqual(layer(name, variant));
  });

  test.each([
    "Relu",
    "Affine",
    "LeakyRelu",
    "ThresholdedRelu",
    "ScaledTanh",
    "HardSigmoid",
    "Elu",
    "Softsign",
    "Softplus",
  ])("activation %s", async (activation) => {
    const names = { LSTM: ["Sigmoid", activation, "Tanh"], GRU: ["Sigmoid", activation], RNN: [activation] };
    const attributes = {
      activations: names[name],
      activation_alpha: new Float32Array([0.7]),
      activation_beta: new Float32Array([0.3]),
    };
    await expectEqual(layer(name, { attributes, states: true }));
  });
});

test("alpha and beta belong to the functions that take one, in order", async () => {
  const attributes = {
    direction: "bidirectional",
    activations: ["Sigmoid", "LeakyRelu", "Tanh", "HardSigmoid", "ScaledTanh", "Elu"],
    activation_alpha: new Float32Array([0.1, 0.3, 0.9, 0.5]),
    activation_beta: new Float32Array([0.4, 1.2]),
  };
  await expectEqual(layer("LSTM", { attributes }));
});

test("LSTM with peepholes", async () => {
  await expectEqual(layer("LSTM", { peepholes: true, states: true, attributes: { direction: "reverse" } }));
});

test("LSTM with input and forget gate coupled", async () => {
  await expectEqual(layer("LSTM", { states: true, attributes: { input_forget: 1n } }));
});

test.each([{}, { direction: "bidirectional" }])(
  "GRU that resets after the product, %j",
  async (attributes) => {
    await expectEqual(layer("GRU", { states: true, attributes: { ...attributes, linear_before_reset: 1n } }));
  },
);

describe("DynamicQuantizeLSTM", () => {
  interface Variant {
    readonly dtype: "int8" | "uint8";
    readonly perRow: boolean;
    readonly direction: string;
  }
  const variants: readonly Variant[] = [
    { dtype: "uint8", perRow: false, direction: "forward" },
    { dtype: "int8", perRow: true, direction: "bidirectional" },
    { dtype: "int8", perRow: false, direction: "reverse" },
  ];
  const width = 4 * HIDDEN;

  function parts({ dtype, perRow, direction }: Variant) {
    const directions = direction === "bidirectional" ? 2 : 1;
    const codes = (shape: readonly number[], seed: number) =>
      dtype === "int8"
        ? randomIntegers(dtype, shape, seed, -128, 128)
        : randomIntegers(dtype, shape, seed, 0, 256);
    const shape = perRow ? [directions, width] : [directions];
    const scales = tensor(
      "float32",
      shape,
      randomFloats(shape, 9).data.map((x) => 0.006 + 0.002 * x),
    );
    const zero = dtype === "int8" ? 0 : 121;
    const count = directions * (perRow ? width : 1);
    return {
      w: codes([directions, INPUT, width], 2),
      r: codes([directions, HIDDEN, width], 3),
      others: [
        randomFloats([directions, 2 * width], 4),
        undefined,
        randomFloats([directions, 1, HIDDEN], 5),
        randomFloats([directions, 1, HIDDEN], 6),
      ],
      scales,
      zero,
      zeroPoint: tensor(dtype, shape, new Array(count).fill(zero)),
    };
  }

  function quantizedLstm(variant: Variant, x: HostTensor, constants: readonly number[]): OneNode {
    const { w, r, others, scales, zeroPoint } = parts(variant);
    return {
      opType: "DynamicQuantizeLSTM",
      domain: "com.microsoft",
      attributes: { hidden_size: BigInt(HIDDEN), direction: variant.direction },
      inputs: [x, w, r, ...others, undefined, scales, zeroPoint, scales, zeroPoint],
      constants,
      outputs: ["float32", "float32", "float32"],
    };
  }

  test.each(variants)("on the host, $dtype, $direction, a scale for each row: $perRow", async (variant) => {
    await expectEqual(quantizedLstm(variant, randomFloats([LENGTH, 1, INPUT], 1, 2), [1, 2, 8, 9, 10, 11]));
  });

  test.each(variants)(
    "as kernels it is the LSTM of the decoded weights: $dtype, $direction, a scale for each row: $perRow",
    async (variant) => {
      // From -127/128 to 1 the scale is 1/128: nothing is lost when these are quantized.
      const steps = randomIntegers("int32", [LENGTH, 1, INPUT], 1, -127, 129);
      const values = Float32Array.from(steps.data, (each) => each / 128);
      values.set([1, -127 / 128]);
      const x = tensor("float32", steps.shape, values);
      const { w, r, others, scales, zero } = parts(variant);
      /** [directions, depth, width] as numbers [directions, width, depth]. */
      const decoded = ({ shape: [directions = 0, depth = 0], data }: HostTensor) => {
        const shape = [directions, width, depth];
        const numbers = Float32Array.from({ length: directions * width * depth }, (_, i) => {
          const [k, row] = [i % depth, Math.floor(i / depth)];
          const [d, column] = [Math.floor(row / width), row % width];
          const scale = scales.data[variant.perRow ? row : d]!;
          return (Number(data[(d * depth + k) * width + column]) - zero) * scale;
        });
        return tensor("float32", shape, numbers);
      };
      const lstm: OneNode = {
        opType: "LSTM",
        opset: 14,
        attributes: { hidden_size: BigInt(HIDDEN), direction: variant.direction },
        inputs: [x, decoded(w), decoded(r), ...others],
        outputs: ["float32", "float32", "float32"],
      };
      await expectLikeOnnxruntime(quantizedLstm(variant, x, [1, 2, 3, 8, 9, 10, 11]), TOLERANCE, lstm);
    },
  );
});
