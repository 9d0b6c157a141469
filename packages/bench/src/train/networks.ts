/** What is trained: networks with initial weights, and a batch of random samples for each. */
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { type Batch, defaultParameters } from "@bitbudget/train";
import { buildShapesCnn } from "@bitbudget/zoo";
import { Builder } from "../models/builder.ts";
import { resnet8 } from "../models/resnet.ts";
import { gemm, relu } from "../models/vision.ts";
import { Random } from "../random.ts";

/** A row before anything is built. */
export interface TrainCase {
  readonly op: "train";
  readonly scheme: "float32";
  /** The network, and how many samples are in a batch. */
  readonly shape: string;
  build(): TrainProblem;
}

export interface TrainProblem {
  readonly model: ModelProto;
  readonly logits: string;
  readonly samples: number;
  readonly batch: Batch;
  /** Names of what is trained. */
  readonly parameters: readonly string[];
}

interface Network {
  readonly name: string;
  /** Sizes of the batches. */
  readonly batches: readonly number[];
  /** Shape of one sample, and number of classes. */
  readonly sample: readonly number[];
  readonly classes: number;
  model(samples: number): ModelProto;
}

const networks: readonly Network[] = [
  {
    name: "shapes-cnn",
    batches: [4, 32],
    sample: [3, 32, 32],
    classes: 12,
    model: () => buildShapesCnn(),
  },
  { name: "ResNet-8", batches: [4, 32], sample: [3, 32, 32], classes: 10, model: resnet8 },
  { name: "MLP 784-512-256-10", batches: [128], sample: [784], classes: 10, model: perceptron },
];

function perceptron(samples: number): ModelProto {
  const b = new Builder(3);
  let x = b.input("x", [samples, 784]);
  for (const features of [512, 256]) x = relu(b, gemm(b, x, features));
  return b.build([gemm(b, x, 10)]);
}

export const trainCases: readonly TrainCase[] = networks.flatMap((network) =>
  network.batches.map((samples) => trainCase(network, samples)),
);

function trainCase({ name, sample, classes, model }: Network, samples: number): TrainCase {
  return {
    op: "train",
    scheme: "float32",
    shape: `${name}, batch of ${samples}`,
    build() {
      const proto = model(samples);
      const { inputs, outputs } = Graph.of(proto);
      const [input, output] = [inputs[0]!.name, outputs[0]!.name];
      const random = new Random(samples);
      const shape = [samples, ...sample];
      const labels = tensor("int32", [samples], Int32Array.from(random.integers(samples, classes)));
      const feed: HostTensor = tensor("float32", shape, random.normal(elementCount(shape), 0.5, 0.5));
      return {
        model: proto,
        logits: output,
        samples,
        batch: { feeds: { [input]: feed }, targets: { labels } },
        parameters: defaultParameters(proto),
      };
    },
  };
}
