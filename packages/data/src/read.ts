/** Single files that are in memory: an image, or the tensors of a file. */
import type { HostTensor } from "@bitbudget/core";
import { bytesFile } from "./files/file.ts";
import { type Limits, withLimits } from "./files/limits.ts";
import { decodeFile } from "./images/folder.ts";
import type { Image } from "./images/image.ts";
import { type FileArray, readArray } from "./tensors/array.ts";
import { openNpy } from "./tensors/npy.ts";
import { openNpz } from "./tensors/npz.ts";
import { openSafetensors } from "./tensors/safetensors.ts";

export interface ReadOptions {
  /** For errors. */
  readonly name?: string;
  readonly limits?: Partial<Limits>;
}

/**
 * An image file: JPEG, PNG, WebP, the first frame of a GIF, and whatever else the platform decodes. Its EXIF orientation
 * is applied, transparency and colour profile are dropped.
 * @throws DataError
 */
export function readImage(
  bytes: Uint8Array,
  { name = "the image", limits }: ReadOptions = {},
): Promise<Image> {
  return decodeFile(bytesFile(name, bytes), withLimits(limits));
}

/** The array of a .npy file. @throws DataError */
export async function readNpy(
  bytes: Uint8Array,
  { name = "the .npy file", limits }: ReadOptions = {},
): Promise<HostTensor> {
  return readArray(await openNpy(bytesFile(name, bytes), withLimits(limits)));
}

/** The arrays of a .npz file by name. @throws DataError */
export async function readNpz(
  bytes: Uint8Array,
  { name = "the .npz file", limits }: ReadOptions = {},
): Promise<Record<string, HostTensor>> {
  return readAll(await openNpz(bytesFile(name, bytes), withLimits(limits)));
}

/** The tensors of a safetensors file by name. @throws DataError */
export async function readSafetensors(
  bytes: Uint8Array,
  { name = "the safetensors file" }: ReadOptions = {},
): Promise<Record<string, HostTensor>> {
  return readAll(await openSafetensors(bytesFile(name, bytes)));
}

async function readAll(arrays: ReadonlyMap<string, FileArray>): Promise<Record<string, HostTensor>> {
  const entries: [string, HostTensor][] = [];
  for (const [name, array] of arrays) entries.push([name, await readArray(array)]);
  return Object.fromEntries(entries);
}
