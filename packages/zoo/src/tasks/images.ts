/** Classifiers of images: photographs, CIFAR-10, digits. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type HostTensor, tensor } from "@bitbudget/core";
import { parseModel } from "@bitbudget/onnx";
import { accuracy } from "@bitbudget/train";
import sharp from "sharp";
import { batches, labelFree, once, shared, type Task } from "./task.ts";

/** value / divisor, less the mean, over the deviation of its channel. */
interface Scaling {
  readonly divisor: number;
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
}

interface Sample {
  readonly x: HostTensor;
  readonly label: number;
}

function image(
  bytes: Uint8Array,
  shape: readonly [number, number, number],
  { divisor, mean = [], deviation = [] }: Scaling,
): HostTensor {
  const area = shape[1] * shape[2];
  const values = new Float32Array(bytes.length);
  for (let c = 0; c < shape[0]; c++)
    for (let i = c * area; i < (c + 1) * area; i++)
      values[i] = (bytes[i]! / divisor - (mean[c] ?? 0)) / (deviation[c] ?? 1);
  return tensor("float32", shape, values);
}

/** Photographs as [3, height, width]; every tenth class is for calibration. */
async function photographs(
  which: "calibrate" | "evaluate",
  scaling: Scaling,
  [height, width] = [224, 224],
): Promise<Sample[]> {
  const names = readdirSync(shared("data/imagenet-224")).filter((name) => name.endsWith(".jpg"));
  const isCalibration = (name: string) => Number.parseInt(name, 10) % 10 === 0;
  const wanted = names.sort().filter((name) => isCalibration(name) === (which === "calibrate"));
  const samples: Sample[] = [];
  for (const name of wanted) {
    const decoded = sharp(shared(`data/imagenet-224/${name}`))
      .removeAlpha()
      .toColourspace("srgb");
    const pixels = await decoded.resize(width, height).raw().toBuffer();
    const planes = new Uint8Array(pixels.length);
    const area = width * height;
    for (let i = 0; i < area; i++) for (let c = 0; c < 3; c++) planes[c * area + i] = pixels[3 * i + c]!;
    samples.push({ x: image(planes, [3, height, width], scaling), label: Number.parseInt(name, 10) });
  }
  return samples;
}

function cifar(file: string, count: number, scaling: Scaling): Sample[] {
  const bytes = gunzipSync(readFileSync(shared(`data/${file}`)));
  const size = 1 + 3 * 32 * 32;
  return Array.from({ length: count }, (_, i) => ({
    x: image(bytes.subarray(i * size + 1, (i + 1) * size), [3, 32, 32], scaling),
    label: bytes[i * size]!,
  }));
}

function digits(which: "train" | "t10k", count: number): Sample[] {
  const images = gunzipSync(readFileSync(shared(`data/mnist/${which}-images-idx3-ubyte.gz`))).subarray(16);
  const labels = gunzipSync(readFileSync(shared(`data/mnist/${which}-labels-idx1-ubyte.gz`))).subarray(8);
  const size = 28 * 28;
  return Array.from({ length: count }, (_, i) => ({
    x: image(images.subarray(i * size, (i + 1) * size), [1, 28, 28], { divisor: 1 }),
    label: labels[i]!,
  }));
}

function classifier(
  name: string,
  input: string,
  logits: string,
  size: number,
  calibrate: () => Promise<Sample[]> | Sample[],
  held: () => Promise<Sample[]> | Sample[],
): Task {
  const read = async (samples: Promise<Sample[]> | Sample[]) => batches(await samples, input, size);
  const evaluation = once(() => read(held()));
  return {
    ...{ name, unit: "accuracy", metric: accuracy({ logits }) },
    load: async () => parseModel(readFileSync(shared(`models/${name}.onnx`))),
    calibration: once(() => read(calibrate())),
    evaluation: async () => evaluation(),
  };
}

const mobilenet: Scaling = { divisor: 127.5, mean: [1, 1, 1] };
const imagenet: Scaling = { divisor: 255, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const raw: Scaling = { divisor: 1 };
const vit: Scaling = { divisor: 255, mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.201] };

const TRAIN = "cifar10-train-10000.bin.gz";
const TEST = "cifar10-test-first5000.bin.gz";

export const imageTasks: readonly Task[] = [
  classifier(
    "mobilenet_v1_0.25_224",
    "input",
    "output",
    20,
    () => photographs("calibrate", mobilenet),
    () => photographs("evaluate", mobilenet),
  ),
  classifier(
    "squeezenet1.1_torchvision",
    "input",
    "output",
    10,
    () => photographs("calibrate", imagenet),
    () => photographs("evaluate", imagenet),
  ),
  classifier(
    "mlperf_tiny_resnet8_cifar10",
    "input",
    "output",
    100,
    () => cifar(TRAIN, 200, raw),
    () => cifar(TEST, 5000, raw),
  ),
  classifier(
    "vit_cifar10_pgd_2_3_16",
    "input",
    "output",
    100,
    () => cifar(TRAIN, 200, vit),
    () => cifar(TEST, 5000, vit),
  ),
  classifier(
    "mnist_cntk_12",
    "Input3",
    "Plus214_Output_0",
    1,
    () => digits("train", 200),
    () => digits("t10k", 10_000),
  ),
];

/** No labels fit these two: what counts is how far their outputs move. */
function unlabelledImages(
  name: string,
  output: string,
  scaling: Scaling,
  [height, width]: [number, number],
  size: number,
): Task {
  const read = async (which: "calibrate" | "evaluate") =>
    batches(unlabelled((await photographs(which, scaling, [height, width])).slice(0, 100)), "input", size);
  return labelFree(
    name,
    async () => parseModel(readFileSync(shared(`models/${name}.onnx`))),
    output,
    () => read("calibrate"),
    () => read("evaluate"),
  );
}

export const unlabelledImageTasks: readonly Task[] = [
  unlabelledImages(
    "ultraface_RFB_320",
    "scores",
    { divisor: 128, mean: [127 / 128, 127 / 128, 127 / 128] },
    [240, 320],
    1,
  ),
  unlabelledImages("mlperf_tiny_vww_mobilenet_v1_0.25_96", "output", { divisor: 255 }, [96, 96], 10),
];

const unlabelled = (samples: readonly Sample[]) => samples.map(({ x }) => ({ x }));
