/** onnxruntime runs what is exported, with the same predictions. */
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { writeModel } from "@bitbudget/onnx";
import { createSession, type Feeds } from "@bitbudget/runtime";
import ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { compare, type ExportOptions, exportQuantized, prepareQat } from "../../src/index.ts";
import { images, network } from "./network.ts";

const forms: readonly (readonly [bits: 2 | 3 | 4 | 8, options: ExportOptions])[] = [
  [8, {}],
  [4, { weights: "packed" }],
  [4, { weights: "bytes" }],
  [3, { weights: "packed" }],
  [2, { weights: "packed" }],
  [2, { weights: "bytes" }],
];

for (const [bits, options] of forms)
  for (const others of ["float", "quantized"] as const)
    test(`${bits} bits, weights ${options.weights ?? "by default"}, sums of ${others} numbers`, async () => {
      await using backend = await open();
      const prepared = await prepareQat(network(), {
        backend,
        layers: () => ({ weight: { dtype: `int${bits}` }, activation: { dtype: `uint${bits}` } }),
        calibration: images(2, 4),
        others,
      });
      const exported = exportQuantized(prepared, options);
      const session = await ort.InferenceSession.create(writeModel(exported));
      const run = async ({ image }: Feeds) => {
        const given = new ort.Tensor("float32", image!.data as Float32Array, image!.shape);
        const { logits } = await session.run({ image: given });
        return { logits: tensor("float32", logits!.dims, logits!.data as Float32Array) };
      };
      await using own = await createSession(exported, { backend });
      const { agreeing, predictions, meanDifference } = await compare(own, { run }, images(2, 8, 11));
      expect(agreeing).toBe(predictions);
      expect(meanDifference).toBeLessThan(0.01);
      await session.release();
    });
