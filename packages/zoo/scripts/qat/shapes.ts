/**
 * `node packages/zoo/scripts/qat/shapes.ts [images] [epochs] [w4a4|w2a4 ...]`: the network for the shapes at 4 and 2 bits,
 * rounded and learned, without labels, and how many of the test set its integers name right.
 */
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import { imageTensor, loadShapesCnn, loadShapesTest, shapeImages } from "@bitbudget/zoo";
import { rows, type Task, table } from "./recipe.ts";

const [count = "20000", epochs = "6", ...names] = process.argv.slice(2);
await using backend = await open();
const test = await loadShapesTest();
const images = imageTensor(test.pixels);
const labels = Int32Array.from(test.labels);
const task: Task = {
  backend,
  float: await loadShapesCnn(),
  ...{ input: "image", logits: "logits", shift: 0, mirror: false },
  // Another seed than those that the network was trained with. Generated images need no augmentation: there are always more.
  images: imageTensor(shapeImages({ split: "train", seed: 1, count: Number(count) }).pixels),
  held: Array.from({ length: 4 }, (_, i) => ({
    feeds: { image: rows(images, i * 250, 250) },
    targets: { labels: tensor("int32", [250], labels.slice(i * 250, (i + 1) * 250)) },
  })),
};
await table(task, names.length > 0 ? names : ["w4a4", "w2a4"], Number(epochs));
