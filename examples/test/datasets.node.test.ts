/** A dataset is what metrics and training take for batches. */
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { fromBatches, fromTensors } from "@bitbudget/data";
import {
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import { accuracy, type Batches, createTrainer, crossEntropy, evaluate, sgd } from "@bitbudget/train";
import { expect, test } from "vitest";

/** Two logits: x times a weight of [1, 2]. */
const model = create(ModelProtoSchema, {
  irVersion: 10n,
  opsetImport: [{ domain: "", version: 21n }],
  graph: create(GraphProtoSchema, {
    name: "sign",
    input: [makeValueInfo("x", "float32", ["batch", 1])],
    output: [makeValueInfo("logits", "float32", ["batch", 2])],
    initializer: [toTensorProto(tensor("float32", [1, 2], [0.1, 0]), "weight")],
    node: [makeNode("MatMul", ["x", "weight"], ["logits"])],
  }),
});

/** Class 1 where x is positive, which the model has the wrong way round. */
const samples = fromTensors(
  {
    feeds: { x: tensor("float32", [8, 1], [-4, 3, -2, 1, 1, -2, 3, 4]) },
    targets: { labels: tensor("int32", [8], [0, 1, 0, 1, 1, 0, 1, 1]) },
  },
  { batchSize: 4 },
);

test("metrics of a dataset, and of an iterator", async () => {
  await using backend = await open();
  const metrics = { right: accuracy({ logits: "logits" }) };
  for (const batches of [
    samples,
    samples.shuffle(1).batch(3),
    fromBatches(() => samples),
  ] satisfies Batches[])
    expect(await evaluate(model, { backend, batches, metrics })).toEqual({ right: 0 });
});

test("training goes through it in a new order each epoch", async () => {
  await using backend = await open();
  const loss = crossEntropy({ logits: "logits" });
  await using trainer = await createTrainer(model, { backend, loss, optimizer: sgd({ learningRate: 0.5 }) });
  const epochs: number[] = [];
  for await (const { epoch } of trainer.fit(samples.shuffle(1), { epochs: 3 })) epochs.push(epoch);
  expect(epochs.length).toBe(6);
  expect(await trainer.evaluate(samples, accuracy({ logits: "logits" }))).toBe(1);
});
