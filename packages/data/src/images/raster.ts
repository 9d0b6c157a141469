/** Images that lie in files as plain bytes, one behind the other: CIFAR's and MNIST's. */
import { scalar } from "@bitbudget/core";
import type { SampleSource } from "../dataset.ts";
import { DataError } from "../errors.ts";
import { buffered, type DataFile } from "../files/file.ts";
import { hashFile, hashJson } from "../hash.ts";
import type { Image } from "./image.ts";
import { createPreprocessor } from "./preprocess.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocessing.ts";

/** Where images of one size and their labels are. */
export interface Raster {
  readonly files: readonly DataFile[];
  readonly count: number;
  readonly classes?: readonly string[] | undefined;
  read(i: number): Promise<{ readonly image: Image; readonly label: number | undefined }>;
}

export function rasterSource(raster: Raster, name: string, given: Preprocessing = {}): SampleSource {
  const preprocessing = checkPreprocessing(given);
  const prepare = createPreprocessor(preprocessing);
  const { input = "input" } = preprocessing;
  return {
    name,
    count: raster.count,
    classes: raster.classes,
    read: (indices) =>
      Promise.all(
        Array.from(indices, async (i) => {
          const { image, label } = await raster.read(i);
          const targets = label === undefined ? {} : { labels: scalar("int32", label) };
          return { feeds: { [input]: prepare(image, `${name}, image ${i}`) }, targets };
        }),
      ),
    hash: async () => {
      const contents: string[] = [];
      for (const file of raster.files) contents.push(await hashFile(file));
      return hashJson(["raster", contents, raster.classes, preprocessing]);
    },
  };
}

const SIDE = 32;
const PLANE = SIDE * SIDE;
const cifar10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/**
 * CIFAR-10's binary files (Krizhevsky 2009): records of a label and 32 x 32 pixels, all red ones, then green, then blue.
 * CIFAR-100's have two labels, of which the second, the finer one, is taken.
 * @throws DataError for a file that is not a number of records
 */
export function cifar(files: readonly DataFile[], labelBytes: 1 | 2, classes?: readonly string[]): Raster {
  const record = labelBytes + 3 * PLANE;
  const starts: { readonly file: DataFile; readonly first: number }[] = [];
  let count = 0;
  for (const file of files) {
    if (file.size === 0 || file.size % record !== 0)
      throw new DataError(file.path, `has ${file.size} bytes, which are not CIFAR records of ${record}`);
    starts.push({ file: buffered(file), first: count });
    count += file.size / record;
  }
  return {
    files,
    count,
    classes: classes ?? (labelBytes === 1 ? cifar10 : undefined),
    read: async (i) => {
      const { file, first } = starts.findLast((each) => each.first <= i)!;
      const bytes = await file.read((i - first) * record, (i - first + 1) * record);
      const data = new Uint8Array(3 * PLANE);
      for (let at = 0; at < 3 * PLANE; at++)
        data[(at % PLANE) * 3 + Math.floor(at / PLANE)] = bytes[labelBytes + at]!;
      return { image: { width: SIDE, height: SIDE, channels: 3, data }, label: bytes[labelBytes - 1]! };
    },
  };
}

/**
 * The idx files of MNIST (LeCun, Cortes, Burges): unsigned bytes, with three axes for images and one for labels.
 * @throws DataError for files that are none, and for other numbers of labels than of images
 */
export async function idx(
  images: DataFile,
  labels: DataFile | undefined,
  classes?: readonly string[],
): Promise<Raster> {
  const [count, height, width] = await idxShape(images, 3);
  const [labelled] = labels === undefined ? [count] : await idxShape(labels, 1);
  if (labels !== undefined && labelled !== count)
    throw new DataError(labels.path, `has ${labelled} labels, and ${images.path} has ${count} images`);
  const size = height! * width!;
  const [pixels, numbers] = [buffered(images), labels && buffered(labels)];
  return {
    files: labels === undefined ? [images] : [images, labels],
    count: count!,
    classes,
    read: async (i) => {
      const data = await pixels.read(16 + i * size, 16 + (i + 1) * size);
      const label = (await numbers?.read(8 + i, 9 + i))?.[0];
      return { image: { width: width!, height: height!, channels: 1, data }, label };
    },
  };
}

export async function isIdx(file: DataFile): Promise<boolean> {
  const start = await file.read(0, Math.min(4, file.size));
  return start[0] === 0 && start[1] === 0 && start[2] === 8 && (start[3] === 1 || start[3] === 3);
}

async function idxShape(file: DataFile, axes: number): Promise<number[]> {
  const header = 4 + 4 * axes;
  const bytes = await file.read(0, Math.min(header, file.size));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < header || view.getUint32(0) !== 0x800 + axes)
    throw new DataError(file.path, `is not an idx file of unsigned bytes with ${axes} axes`);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, size) => product * size, 1) + header;
  if (file.size !== expected)
    throw new DataError(file.path, `has ${file.size} bytes, and its header needs ${expected}`);
  return shape;
}
