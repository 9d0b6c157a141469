/** Training with TensorFlow.js, as a contender: its optimizer, its loss, its gradients. */
import type { HostTensor } from "@bitbudget/core";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { Entrant } from "../contest.ts";
import type { Tfjs } from "../rivals/rivals.ts";
import type { TrainProblem } from "./networks.ts";
import { LEARNING_RATE, MOMENTUM } from "./ours.ts";
import { inTfjsLayout, tfjsNetwork } from "./tfjs-network.ts";

/** Rejects where the backend lacks a kernel that the gradient needs. */
export async function trainTfjs(tf: Tfjs, backend: string, problem: TrainProblem): Promise<Entrant> {
  const { model, logits, batch, parameters } = problem;
  const [feed] = Object.values(batch.feeds);
  const pixels = inTfjsLayout(feed as HostTensor<"float32">);
  const labels = batch.targets.labels!.data as Int32Array;
  const use = async () => {
    if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend}`);
  };
  await use();
  const network = tfjsNetwork(tf, model, parameters);
  const list = [...network.variables.values()];
  const optimizer = tf.train.momentum(LEARNING_RATE, MOMENTUM);
  const loss = (): Scalar => {
    const x = tf.tensor(pixels.data, [...pixels.shape]);
    const z = network.apply(x, logits) as Tensor2D;
    const expected = tf.oneHot(tf.tensor1d(labels, "int32") as Tensor1D, z.shape[1]!);
    return tf.losses.softmaxCrossEntropy(expected, z) as Scalar;
  };
  return {
    name: `tfjs-${backend}`,
    async run(times) {
      await use();
      for (let i = 0; i < times; i++) {
        const cost = optimizer.minimize(loss, true, list);
        await cost?.data();
        cost?.dispose();
      }
    },
    async values() {
      await use();
      const values: number[] = [];
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss, list);
        values.push(value.dataSync()[0]!);
        for (const [name, variable] of network.variables)
          for (const x of network.inOnnxLayout(name, grads[variable.name]!).dataSync()) values.push(x);
      });
      return values;
    },
    release() {
      for (const variable of list) variable.dispose();
      optimizer.dispose();
    },
  };
}
