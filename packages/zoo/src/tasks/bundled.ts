/** The two models that ship with the project. */
import { tensor, valuesOf } from "@bitbudget/core";
import { accuracy, type Batch } from "@bitbudget/train";
import {
  encodeText,
  imageTensor,
  loadLanguageTest,
  loadLanguageTransformer,
  loadShapesCnn,
  loadShapesTest,
  type ShapeImages,
  shapeImages,
  type TextSample,
  textSamples,
  textTensors,
} from "../index.ts";
import { rows, type Task } from "./task.ts";

const IGNORE = -1;

function shapes({ pixels, labels }: ShapeImages): Batch[] {
  const images = imageTensor(pixels);
  const size = 50;
  return Array.from({ length: Math.floor(labels.length / size) }, (_, i) => ({
    feeds: { image: rows(images, i * size, size) },
    targets: {
      labels: tensor("int32", [size], Int32Array.from(labels.subarray(i * size, (i + 1) * size))),
    },
  }));
}

/** Only what can be predicted counts. */
function language(samples: readonly TextSample[]): Batch[] {
  const size = 50;
  return Array.from({ length: Math.floor(samples.length / size) }, (_, i) => {
    const part = samples.slice(i * size, (i + 1) * size);
    const { tokens, next } = textTensors(part);
    const sure = part.flatMap(({ text, predictable }) =>
      Array.from(encodeText(text.slice(1)), (_, at) => predictable[at + 1]),
    );
    const labels = Int32Array.from(valuesOf(next), (label, at) =>
      sure[at] === true ? Number(label) : IGNORE,
    );
    return { feeds: { tokens }, targets: { labels: tensor("int32", next.shape, labels) } };
  });
}

export const bundledTasks: readonly Task[] = [
  {
    ...{ name: "shapes-cnn", unit: "accuracy", metric: accuracy({ logits: "logits" }) },
    load: loadShapesCnn,
    calibration: () => shapes(shapeImages({ split: "train", seed: 1, count: 200 })),
    evaluation: async () => shapes(await loadShapesTest()),
  },
  {
    ...{ name: "language-transformer", unit: "accuracy" },
    metric: accuracy({ logits: "logits", ignore: IGNORE }),
    load: loadLanguageTransformer,
    calibration: () => language(textSamples({ split: "train", seed: 1, count: 200 })),
    evaluation: async () => language(await loadLanguageTest()),
  },
];
