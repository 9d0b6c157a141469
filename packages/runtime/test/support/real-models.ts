/** What to feed the real models, and how (docs of each model's publisher). */
import { type HostTensor, tensor } from "@bitbudget/core";
import type { Feeds } from "../../src/index.ts";
import { cifar, digits, type Picture, photographs, shakespeare, speech, stories } from "./data.ts";

export interface RealModel {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly inputs: string;
  feeds(): Promise<Feeds[]> | Feeds[];
  /** Outputs that are fed to the next run, and the names of their inputs. */
  readonly carry?: Readonly<Record<string, string>>;
  /** Its quantized versions, by the endings of their names. */
  readonly quantized?: readonly string[];
}

/** [count, ...shape] of pictures, each value turned into (value / divisor - mean) / deviation of its channel. */
function batch(
  pictures: readonly Picture[],
  shape: readonly number[],
  divisor = 1,
  mean: readonly number[] = [],
  deviation: readonly number[] = [],
): HostTensor<"float32"> {
  const [channels = 1, ...sizes] = shape;
  const area = sizes.reduce((product, size) => product * size, 1);
  const data = pictures.flatMap((picture) =>
    Array.from(picture.channels, (value, i) => {
      const channel = Math.floor(i / area) % channels;
      return (value / divisor - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
    }),
  );
  return tensor("float32", [pictures.length, ...shape], data);
}

const ids = (lists: readonly number[][]) =>
  tensor("int64", [lists.length, lists[0]?.length ?? 0], lists.flat());

export const realModels: readonly RealModel[] = [
  {
    name: "mobilenet_v1_0.25_224",
    inputs: "a photograph",
    quantized: ["int8-qdq", "int8-qoperator"],
    feeds: async () => [{ input: batch(await photographs(1), [3, 224, 224], 127.5, [1, 1, 1]) }],
  },
  {
    name: "squeezenet1.1_torchvision",
    inputs: "a photograph",
    quantized: ["int8-qdq", "int8-qoperator"],
    feeds: async () => {
      const [mean, deviation] = [
        [0.485, 0.456, 0.406],
        [0.229, 0.224, 0.225],
      ];
      return [{ input: batch(await photographs(1), [3, 224, 224], 255, mean, deviation) }];
    },
  },
  {
    name: "mnist_cntk_12",
    inputs: "32 handwritten digits",
    quantized: ["int8-qdq", "int8-qoperator"],
    feeds: () => digits(32).map((digit) => ({ Input3: batch([digit], [1, 28, 28]) })),
  },
  {
    name: "mlperf_tiny_resnet8_cifar10",
    inputs: "8 CIFAR-10 pictures",
    quantized: ["int8-qdq", "int8-qoperator"],
    feeds: () => [{ input: batch(cifar(8), [3, 32, 32]) }],
  },
  {
    name: "vit_cifar10_pgd_2_3_16",
    inputs: "16 CIFAR-10 pictures",
    quantized: ["int8-qdq", "int8-qoperator"],
    feeds: () => {
      const [mean, deviation] = [
        [0.4914, 0.4822, 0.4465],
        [0.2023, 0.1994, 0.201],
      ];
      return [{ input: batch(cifar(16), [3, 32, 32], 255, mean, deviation) }];
    },
  },
  {
    name: "stories260K_T256",
    inputs: "a story",
    quantized: ["int8-dynamic", "int4-matmulnbits"],
    feeds: () => [{ input_ids: ids(stories(1, 256)) }],
  },
  {
    name: "charrnn_shakespeare_lstm",
    inputs: "256 characters of Shakespeare",
    quantized: ["int8-dynamic"],
    feeds: () => [{ input_ids: ids(shakespeare(1, 256)) }],
  },
  {
    name: "silero_vad_16k_op15",
    inputs: "32 windows of speech, one after the other",
    carry: { stateN: "state" },
    feeds: () => {
      const samples = speech();
      const [context, step, start] = [64, 512, 16000];
      return Array.from({ length: 32 }, (_, i) => {
        const from = start + i * step;
        return {
          input: tensor("float32", [1, context + step], samples.slice(from - context, from + step)),
          state: tensor("float32", [2, 1, 128]),
          sr: tensor("int64", [], [16000]),
        };
      });
    },
  },
  {
    name: "ultraface_RFB_320",
    inputs: "a photograph",
    feeds: async () => {
      const pictures = await photographs(1, 320, 240);
      return [{ input: batch(pictures, [3, 240, 320], 128, [127 / 128, 127 / 128, 127 / 128]) }];
    },
  },
  {
    name: "mlperf_tiny_vww_mobilenet_v1_0.25_96",
    inputs: "4 photographs",
    feeds: async () => [{ input: batch(await photographs(4, 96, 96), [3, 96, 96], 255) }],
  },
];
