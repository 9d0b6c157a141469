/** Two bits: rounding after training collapses, learning with the rounding does not, without labels. */
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { expect, test } from "vitest";
import {
  accuracy,
  adam,
  type Batch,
  compare,
  cosine,
  createTrainer,
  crossEntropy,
  distill,
  evaluate,
  exportQuantized,
  mapBatches,
  prepareQat,
  randomNumbers,
  simulate,
  stepGroups,
  taughtBy,
} from "../../src/index.ts";

const CLASSES = 4;

/** Points around 16 centres on a grid; neighbours are of different classes. */
function points(count: number, seed: number): Batch {
  const random = randomNumbers(seed);
  const [x, labels] = [new Float32Array(count * 2), new Int32Array(count)];
  for (let i = 0; i < count; i++) {
    const [column, row] = [Math.floor(random() * 4), Math.floor(random() * 4)];
    x[2 * i] = (column - 1.5) / 2 + (random() - 0.5) * 0.3;
    x[2 * i + 1] = (row - 1.5) / 2 + (random() - 0.5) * 0.3;
    labels[i] = (column + 2 * row) % CLASSES;
  }
  return {
    feeds: { x: tensor("float32", [count, 2], x) },
    targets: { labels: tensor("int32", [count], labels) },
  };
}

function perceptron(): ModelProto {
  const random = randomNumbers(5);
  const sizes = [2, 48, 48, 48, CLASSES];
  const initializer = [];
  const node = [];
  for (let i = 0; i < 4; i++) {
    const [from, to] = [sizes[i]!, sizes[i + 1]!];
    const weights = Float32Array.from({ length: from * to }, () => (2 * random() - 1) * Math.sqrt(6 / from));
    const bias = Float32Array.from({ length: to }, () => random() - 0.5);
    initializer.push(toTensorProto(tensor("float32", [from, to], weights), `w${i}`));
    initializer.push(toTensorProto(tensor("float32", [to], bias), `b${i}`));
    const [x, y] = [i === 0 ? "x" : `h${i - 1}`, i === 3 ? "logits" : `s${i}`];
    node.push(makeNode("Gemm", [x, `w${i}`, `b${i}`], [y], { name: y }));
    if (i < 3) node.push(makeNode("Relu", [y], [`h${i}`], { name: `h${i}` }));
  }
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "perceptron",
      input: [makeValueInfo("x", "float32", ["batch", 2])],
      output: [makeValueInfo("logits", "float32", ["batch", CLASSES])],
      initializer,
      node,
    }),
  });
}

test("a network learns at 2 bits what rounding loses", { timeout: 60_000 }, async () => {
  await using backend = await open();
  const batches = Array.from({ length: 16 }, (_, i) => points(64, i));
  const held = [points(512, 99)];
  const measure = async (model: ModelProto) => {
    const { right } = await evaluate(model, {
      backend,
      batches: held,
      metrics: { right: accuracy({ logits: "logits" }) },
    });
    return right;
  };
  await using trainer = await createTrainer(perceptron(), {
    backend,
    loss: crossEntropy({ logits: "logits" }),
    optimizer: adam({ learningRate: 0.01 }),
    schedule: cosine({ steps: 320 }),
  });
  for await (const { loss } of trainer.fit(batches, { epochs: 20 })) expect(loss).toBeLessThan(10);
  const float = trainer.model();
  const ofFloat = await measure(float);
  expect(ofFloat).toBeGreaterThan(0.97);

  const options = {
    backend,
    layers: () => ({ weight: { dtype: "int2" }, activation: { dtype: "uint2" } }) as const,
    edges: { weight: { dtype: "int2" }, activation: { dtype: "uint4" } } as const,
    calibration: batches.map(({ feeds }) => feeds),
  };
  const rounded = await prepareQat(float, { ...options, method: "fixed" });
  const ofRounded = await measure(exportQuantized(rounded));
  const learning = await prepareQat(float, options);
  await using session = await createSession(float, { backend });
  await using student = await createTrainer(learning, {
    backend,
    loss: distill({ logits: "logits" }),
    optimizer: adam({ learningRate: 0.005 }),
    schedule: cosine({ steps: 640 }),
    groups: stepGroups(learning),
  });
  const taught = mapBatches(
    batches.map(({ feeds }) => ({ feeds, targets: {} })),
    taughtBy(session, { teacher: "logits" }),
  );
  for await (const { loss } of student.fit(taught, { epochs: 40 })) expect(loss).toBeLessThan(100);
  const exported = exportQuantized(student.model());
  const ofLearned = await measure(exported);
  expect(ofRounded).toBeLessThan(0.7);
  expect(ofLearned).toBeGreaterThan(0.93);
  expect(ofLearned - ofRounded).toBeGreaterThan(0.25);

  await using simulation = simulate(student.model(), { backend });
  await using integers = await createSession(exported, { backend });
  const { identical, agreeing, predictions } = await compare(
    simulation,
    integers,
    held.map(({ feeds }) => feeds),
  );
  expect({ identical, agreeing }).toEqual({ identical: true, agreeing: predictions });
});
