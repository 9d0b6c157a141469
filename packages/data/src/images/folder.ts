/** A folder of images: which files are images, what classes they are of, and how they are read. */
import { scalar } from "@bitbudget/core";
import { decodeImage } from "#decode-image";
import type { Sample } from "../batch.ts";
import type { SampleSource } from "../dataset.ts";
import { DataError } from "../errors.ts";
import { type DataFile, extensionOf, readWhole } from "../files/file.ts";
import type { Limits } from "../files/limits.ts";
import { hashFile, hashJson } from "../hash.ts";
import { declaredDimensions } from "./dimensions.ts";
import type { Image } from "./image.ts";
import type { LabelMap, Labels } from "./labels.ts";
import { labelsOfFile, labelsOfFolders, labelsOfMap } from "./labels.ts";
import { createPreprocessor } from "./preprocess.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocessing.ts";

export interface ImageOptions {
  /** From an image to the model's input. Default: its red, green and blue as float32 of 0 to 255, [3, height, width]. */
  readonly preprocessing?: Preprocessing;
  /** Classes of images by path, in place of folders or a file of labels. */
  readonly labels?: LabelMap;
  /** Names of classes in the order of their numbers. */
  readonly classes?: readonly string[];
  /** Is told of images that cannot be decoded or prepared, which are then left out. Without it they are errors. */
  readonly onBroken?: (error: DataError) => void;
}

/** Images that are decoded at the same time: large photographs are a hundred megabytes each. */
const CONCURRENT = 4;
const extensions = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "avif", "tif", "tiff"];

export function isImage({ path }: DataFile): boolean {
  return extensions.includes(extensionOf(path));
}

/**
 * Images in folders named for their classes, or in one folder with `labels.json` or `labels.csv` beside them, or without
 * labels. A folder around all of them is left out. The target "labels" is int32.
 * @throws DataError for images without a label, and preprocessing that is none
 */
export async function imageSource(
  files: readonly DataFile[],
  name: string,
  limits: Limits,
  options: ImageOptions,
): Promise<SampleSource> {
  const rooted = withoutRoot(files);
  const images = rooted.filter(isImage).sort((a, b) => (a.path < b.path ? -1 : 1));
  const { labels, classes } = (await findLabels(images, rooted, limits, options)) ?? {};
  const preprocessing = checkPreprocessing(options.preprocessing ?? {});
  const prepare = createPreprocessor(preprocessing);
  const { input = "input" } = preprocessing;
  const { onBroken } = options;
  const hashes = new Map<number, string>();

  const readOne = async (i: number): Promise<Sample | DataError> => {
    const file = images[i]!;
    try {
      const image = await decodeFile(file, limits);
      const targets = labels === undefined ? {} : { labels: scalar("int32", labels[i]!) };
      return { feeds: { [input]: prepare(image, file.path) }, targets };
    } catch (error) {
      if (onBroken === undefined || !(error instanceof DataError)) throw error;
      return error;
    }
  };
  /** Told in the order of the images. */
  const withoutBroken = (read: Sample | DataError): Sample | undefined => {
    if (!(read instanceof DataError)) return read;
    onBroken?.(read);
    return undefined;
  };
  const hashOne = async (i: number): Promise<string> => {
    const hash = hashes.get(i) ?? (await hashFile(images[i]!));
    hashes.set(i, hash);
    return hash;
  };

  return {
    name,
    count: images.length,
    classes,
    gaps: onBroken !== undefined,
    read: async (indices) => (await inParallel(indices, readOne)).map(withoutBroken),
    hash: async (indices) => {
      const contents = await inParallel(indices, hashOne);
      return hashJson([
        "images",
        contents,
        labels && Array.from(indices, (i) => labels[i]),
        classes,
        preprocessing,
      ]);
    },
  };
}

/** @throws DataError that names the file */
export async function decodeFile(file: DataFile, limits: Limits): Promise<Image> {
  const bytes = await readWhole(file, limits.image);
  const declared = declaredDimensions(bytes);
  if (declared !== undefined && declared.width * declared.height > limits.pixels)
    throw new DataError(
      file.path,
      `declares ${declared.width} x ${declared.height} pixels, and the limit is ${limits.pixels}; raise it in limits`,
    );
  try {
    return await decodeImage(bytes, limits.pixels);
  } catch (error) {
    throw new DataError(
      file.path,
      `cannot be decoded as an image: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function findLabels(
  images: readonly DataFile[],
  files: readonly DataFile[],
  limits: Limits,
  options: ImageOptions,
): Promise<Labels> | Labels | undefined {
  if (options.labels !== undefined) return labelsOfMap(images, options.labels, options.classes);
  const file = files.find(({ path }) => /^labels\.(json|csv)$/i.test(path));
  if (file !== undefined) return labelsOfFile(images, file, limits.memory, options.classes);
  const found = labelsOfFolders(images);
  if (found === undefined || options.classes === undefined) return found;
  return labelsOfMap(
    images,
    Object.fromEntries(images.map(({ path }) => [path, path.slice(0, path.indexOf("/"))])),
    options.classes,
  );
}

/** Without the folders that lie around everything, as in most archives: root/cat/1.png is cat/1.png. */
function withoutRoot(files: readonly DataFile[]): DataFile[] {
  let paths = files.map(({ path }) => path);
  const shared = () => paths[0]?.split("/")[0];
  while (paths.every((path) => path.split("/").length >= 3 && path.split("/")[0] === shared()))
    paths = paths.map((path) => path.slice(path.indexOf("/") + 1));
  return files.map((file, i) => ({ ...file, path: paths[i]!, read: (start, end) => file.read(start, end) }));
}

/** Results in order, of a few at a time. The first failure is thrown when all that began have ended. */
async function inParallel<T>(indices: Int32Array, one: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    while (next < indices.length) {
      const at = next++;
      try {
        results[at] = await one(indices[at]!);
      } catch (error) {
        next = indices.length;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: CONCURRENT }, work));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
  return results;
}
