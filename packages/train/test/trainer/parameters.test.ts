/** Which initializers are trained unless somebody says so. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  clearField,
  create,
  makeNode,
  type NodeProto,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  tensorValue,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  createTrainer,
  defaultParameters,
  meanSquaredError,
  sgd,
  TRAINED,
  TrainingError,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, model, uniform } from "../models.ts";

const weights = (shape: readonly number[]) => uniform(shape, 1, 1);
const floats = (...values: number[]) => tensor("float32", [values.length], Float32Array.from(values));

interface Case {
  readonly nodes: readonly NodeProto[];
  readonly initializers: Readonly<Record<string, HostTensor>>;
  readonly trained: readonly string[];
}

/** The first operand is not an input of the model. */
const hidden = makeNode("Relu", ["x"], ["h"]);

const cases: Record<string, Case> = {
  "a convolution": {
    nodes: [makeNode("Conv", ["x", "w", "b"], ["y"])],
    initializers: { w: weights([4, 2, 3, 3]), b: weights([4]) },
    trained: ["w", "b"],
  },
  "a product on either side": {
    nodes: [makeNode("MatMul", ["x", "w"], ["h"]), makeNode("MatMul", ["v", "h"], ["y"])],
    initializers: { w: weights([4, 4]), v: weights([4, 4]) },
    trained: ["w", "v"],
  },
  "scale and bias of a normalization, not its statistics": {
    nodes: [makeNode("BatchNormalization", ["x", "scale", "bias", "mean", "variance"], ["y"])],
    initializers: { scale: weights([4]), bias: weights([4]), mean: weights([4]), variance: weights([4]) },
    trained: ["scale", "bias"],
  },
  "an embedding, not what picks from it": {
    nodes: [makeNode("Gather", ["table", "index"], ["y"])],
    initializers: { table: weights([10, 4]), index: tensor("int64", [2], [1n, 2n]) },
    trained: ["table"],
  },
  "a bias and a scale that are nodes of their own": {
    nodes: [hidden, makeNode("Mul", ["scale", "h"], ["m"]), makeNode("Add", ["m", "bias"], ["y"])],
    initializers: { scale: weights([4]), bias: weights([4]) },
    trained: ["scale", "bias"],
  },
  "embeddings of places that are added, not waves that are multiplied with": {
    nodes: [hidden, makeNode("Mul", ["h", "waves"], ["m"]), makeNode("Add", ["m", "places"], ["y"])],
    initializers: { waves: weights([3, 4]), places: weights([3, 4]) },
    trained: ["places"],
  },
  "no numbers, masks, or bounds": {
    nodes: [
      hidden,
      makeNode("Mul", ["h", "half"], ["m"]),
      makeNode("Mul", ["m", "one"], ["n"]),
      makeNode("Add", ["n", "mask"], ["o"]),
      makeNode("Add", ["o", "hide"], ["p"]),
      makeNode("Clip", ["p", "low", "high"], ["q"]),
      makeNode("Pow", ["q", "powers"], ["y"]),
    ],
    initializers: {
      half: tensor("float32", [], [0.5]),
      one: floats(1),
      mask: floats(0, Number.NEGATIVE_INFINITY),
      hide: floats(0, -1e9),
      low: tensor("float32", [], [0]),
      high: tensor("float32", [], [6]),
      powers: floats(2, 3),
    },
    trained: [],
  },
  "not the mean of the model's input": {
    nodes: [makeNode("Add", ["x", "mean"], ["c"]), makeNode("Mul", ["c", "factor"], ["y"])],
    initializers: { mean: floats(1, 2), factor: floats(3, 4) },
    trained: ["factor"],
  },
  "weights behind quantization and changes of shape, not their scales": {
    nodes: [
      makeNode("QuantizeLinear", ["w", "s", "z"], ["q"]),
      makeNode("DequantizeLinear", ["q", "s", "z"], ["d"]),
      makeNode("Transpose", ["d"], ["t"]),
      makeNode("MatMul", ["x", "t"], ["y"]),
    ],
    initializers: { w: weights([4, 4]), s: tensor("float32", [], [0.1]), z: tensor("int8", [], [0]) },
    trained: ["w"],
  },
  "not weights that are codes, or in other floats": {
    nodes: [
      makeNode("DequantizeLinear", ["codes", "s"], ["d"]),
      makeNode("MatMul", ["x", "d"], ["h"]),
      makeNode("MatMul", ["h", "half"], ["y"]),
    ],
    initializers: {
      codes: tensor("int8", [4, 4]),
      s: tensor("float32", [], [0.1]),
      half: tensor("float16", [4, 4]),
    },
    trained: [],
  },
};

describe("by default", () => {
  for (const [name, { nodes, initializers, trained }] of Object.entries(cases))
    test(name, () => {
      expect(defaultParameters(model({ input: ["n", 4], nodes, initializers, output: "y" }))).toEqual(
        trained,
      );
    });

  test("metadata has the last word", () => {
    const made = mlp([2, 3, 2]);
    const say = (name: string, value: string) =>
      made
        .graph!.initializer.find((each) => each.name === name)!
        .metadataProps.push(create(StringStringEntryProtoSchema, { key: TRAINED, value }));
    say("w0", "false");
    expect(defaultParameters(made)).toEqual(["b0", "w1", "b1"]);
  });
});

describe("on demand", () => {
  const train = async (parameters: TrainerParameters, source = mlp([2, 3, 2])) => {
    const backend = await backends["backend-js"]!();
    return createTrainer(source, {
      backend,
      loss: meanSquaredError({ output: "logits" }),
      optimizer: sgd({ learningRate: 0.1 }),
      ...(parameters !== undefined && { parameters }),
    });
  };
  type TrainerParameters = readonly string[] | ((name: string, tensor: HostTensor) => boolean) | undefined;

  test("a list, or a choice among all", async () => {
    expect([...(await train(["b1", "w0"])).parameters.keys()]).toEqual(["w0", "b1"]);
    const vectors = await train((_, { shape }) => shape.length === 1);
    expect([...vectors.parameters.keys()]).toEqual(["b0", "b1"]);
  });

  test("the others stay as they are", async () => {
    await using trainer = await train(["b1"]);
    const before = trainer.model().graph!.initializer.map(({ rawData }) => [...rawData]);
    const batch = {
      feeds: { x: uniform([4, 2], 1, 1) },
      targets: { target: uniform([4, 2], 1, 2) },
    };
    await trainer.step(batch);
    const after = trainer.model().graph!.initializer.map(({ rawData }) => [...rawData]);
    expect(after.map((bytes, i) => bytes.join() !== before[i]!.join())).toEqual([false, false, false, true]);
  });

  test("what a file says of a tensor stays, in whatever field its numbers were", async () => {
    const source = mlp([2, 3, 2]);
    const weight = source.graph!.initializer.find(({ name }) => name === "b1")!;
    weight.docString = "the last bias";
    weight.metadataProps.push(create(StringStringEntryProtoSchema, { key: "from", value: "afar" }));
    weight.floatData = [1, 2];
    clearField(weight, TensorProtoSchema.field.rawData);
    await using trainer = await train(undefined, source);
    const trained = trainer.model().graph!.initializer.find(({ name }) => name === "b1")!;
    expect(trained.docString).toBe("the last bias");
    expect(trained.metadataProps.map(({ key, value }) => [key, value])).toEqual([["from", "afar"]]);
    expect([...tensorValue(trained).data]).toEqual([1, 2]);
  });

  test("what there is not is refused", async () => {
    await expect(train(["w9"])).rejects.toThrow(/"w9" cannot be trained/);
    await expect(train([])).rejects.toThrow(TrainingError);
    await expect(train(() => false)).rejects.toThrow(/nothing to train/);
  });
});
