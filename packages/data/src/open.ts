/** Opens data of whatever kind: looks at names and first bytes, and says what it looked for where it finds nothing. */
import {
  type BatchOptions,
  checkOptions,
  createDataset,
  type Dataset,
  type SampleSource,
} from "./dataset.ts";
import { DataError } from "./errors.ts";
import { type DataFile, extensionOf, type FileInput, toFiles } from "./files/file.ts";
import { gunzip } from "./files/gzip.ts";
import { checkMemory, type Limits, withLimits } from "./files/limits.ts";
import { zipFiles } from "./files/zip.ts";
import { type ImageOptions, imageSource, isImage } from "./images/folder.ts";
import { cifar, idx, isIdx, rasterSource } from "./images/raster.ts";
import { type ArrayNames, arraySource, type FileArray } from "./tensors/array.ts";
import { openNpy } from "./tensors/npy.ts";
import { openNpz } from "./tensors/npz.ts";
import { openSafetensors } from "./tensors/safetensors.ts";
import { type TextOptions, textSource } from "./text/text.ts";

export interface OpenOptions extends BatchOptions, ImageOptions, ArrayNames {
  /** For texts: their tokenizer, the length of samples, what the targets are. */
  readonly text?: TextOptions;
  /** How much a file may make this package hold in memory. */
  readonly limits?: Partial<Limits>;
}

/**
 * A dataset of files: images in folders by class (or flat, with labels.json or labels.csv, or without labels), .npy, .npz,
 * .safetensors, .jsonl, .ndjson, .json or .txt, MNIST's idx and CIFAR's .bin; any of these within .zip or .gz.
 *
 * In Node, `openData` of `@bitbudget/data/node` takes paths.
 * @param given files of the browser (an `<input>` or a drop), or bytes with paths
 * @throws DataError that says what was looked for, or what is wrong with which file
 */
export function openData(
  given: FileInput | Iterable<FileInput>,
  options: OpenOptions = {},
): Promise<Dataset> {
  return openFiles(toFiles(given), options);
}

/** @param name of all of them, for errors */
export async function openFiles(
  given: readonly DataFile[],
  options: OpenOptions,
  name?: string,
): Promise<Dataset> {
  const limits = withLimits(options.limits);
  checkOptions(options, 32);
  const files = await gunzipped(await unzipped(given.filter(isVisible), limits), limits);
  const source = await recognize(files, name ?? nameOf(given), limits, options);
  if (source.count === 0) throw new DataError(source.name, "has no samples");
  return createDataset(source, options);
}

function nameOf(files: readonly DataFile[]): string {
  return files.length === 1 ? files[0]!.path : "the files";
}

/** What systems leave in folders and archives is no data. */
function isVisible({ path }: DataFile): boolean {
  return !path
    .split("/")
    .some(
      (part) => part.startsWith(".") || part === "__MACOSX" || part === "Thumbs.db" || part === "desktop.ini",
    );
}

/** What is in the archive, where that is all there is: an archive in an archive is none, as some contain themselves. */
async function unzipped(files: readonly DataFile[], limits: Limits): Promise<readonly DataFile[]> {
  const [first] = files;
  if (files.length !== 1 || first === undefined || extensionOf(first.path) !== "zip") return files;
  return (await zipFiles(first, limits)).filter(isVisible);
}

/** Without gzip: all of them together within the limit. */
async function gunzipped(files: readonly DataFile[], limits: Limits): Promise<DataFile[]> {
  const out: DataFile[] = [];
  let left = limits.memory;
  for (const file of files) {
    const plain = extensionOf(file.path) === "gz" ? await gunzip(file, { ...limits, memory: left }) : file;
    if (plain !== file) left -= plain.size;
    out.push(plain);
  }
  return out;
}

async function recognize(
  files: readonly DataFile[],
  name: string,
  limits: Limits,
  options: OpenOptions,
): Promise<SampleSource> {
  const { preprocessing, classes } = options;
  const having = (...extensions: string[]) =>
    files.filter(({ path }) => extensions.includes(extensionOf(path)));
  if (files.some(isImage)) return imageSource(files, name, limits, options);

  const rasters = having("bin");
  if (
    rasters.length > 0 &&
    rasters.every(({ size }) => size > 0 && (size % 3073 === 0 || size % 3074 === 0))
  ) {
    const fine = rasters.every(({ size }) => size % 3073 !== 0);
    return rasterSource(cifar(rasters, fine ? 2 : 1, classes), name, preprocessing);
  }
  const mnist = await idxFiles(files);
  if (mnist !== undefined)
    return rasterSource(await idx(mnist.images, mnist.labels, classes), name, preprocessing);

  const arrays = await arraysOf(files, limits, options);
  if (arrays.size > 0) {
    if (preprocessing !== undefined)
      throw new DataError(name, "has tensors, which preprocessing is not for; leave it out");
    return arraySource(arrays, name, options);
  }

  const texts = having("jsonl", "ndjson", "json", "txt");
  if (texts.length === 1) {
    if (options.text === undefined)
      throw new DataError(
        texts[0]!.path,
        "has texts; give text: { length, tokenizer, ... } to make tokens of them",
      );
    return textSource(texts[0]!, limits, { ...(classes !== undefined && { classes }), ...options.text });
  }
  const seen =
    files
      .slice(0, 8)
      .map(({ path }) => path)
      .join(", ") || "no files";
  throw new DataError(
    name,
    `holds nothing that can be read (${seen}${files.length > 8 ? ", ..." : ""}). Looked for: images (.jpg, .png, .webp, .gif) in folders by ` +
      "class or beside labels.json or labels.csv, .npy, .npz, .safetensors, one of .jsonl, .ndjson, .json or .txt, MNIST's idx files, " +
      "CIFAR's .bin; any of these in .gz or one .zip",
  );
}

/** A file of images and the labels that belong to it. @throws DataError where there are several */
async function idxFiles(
  files: readonly DataFile[],
): Promise<{ images: DataFile; labels: DataFile | undefined } | undefined> {
  const found: DataFile[] = [];
  for (const file of files) if (/idx|ubyte/.test(file.path) && (await isIdx(file))) found.push(file);
  const images: DataFile[] = [];
  for (const file of found) if ((await file.read(3, 4))[0] === 3) images.push(file);
  const [first, second] = images;
  if (first === undefined) return undefined;
  if (second !== undefined)
    throw new DataError(
      first.path,
      `and ${second.path} are both images; open one of them, with its labels, at a time`,
    );
  return { images: first, labels: found.find((file) => file !== first) };
}

async function arraysOf(
  files: readonly DataFile[],
  limits: Limits,
  { feeds, targets }: OpenOptions,
): Promise<Map<string, FileArray>> {
  const wanted =
    feeds === undefined
      ? undefined
      : [...Object.values(feeds), ...Object.values(targets ?? { labels: "labels" })];
  checkMemory(
    files.filter(({ path }) => ["npy", "npz", "safetensors"].includes(extensionOf(path))),
    limits,
  );
  const arrays = new Map<string, FileArray>();
  const add = (name: string, array: FileArray) => {
    if (arrays.has(name))
      throw new DataError(array.file.path, `has an array ${JSON.stringify(name)}, as another file does`);
    arrays.set(name, array);
  };
  for (const file of files) {
    const extension = extensionOf(file.path);
    if (extension === "npy")
      add(/([^/]*)\.npy$/i.exec(file.path)?.[1] ?? file.path, await openNpy(file, limits));
    if (extension === "npz")
      for (const [name, array] of await openNpz(file, limits, wanted)) add(name, array);
    if (extension === "safetensors")
      for (const [name, array] of await openSafetensors(file)) add(name, array);
  }
  return arrays;
}
