/** .npz files: zip archives of .npy files, each named for its array. */
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";
import type { Limits } from "../files/limits.ts";
import { zipFiles } from "../files/zip.ts";
import type { FileArray } from "./array.ts";
import { openNpy } from "./npy.ts";

/**
 * The arrays by name. Those of `numpy.savez` are read row by row later; those of `numpy.savez_compressed` cannot be read
 * in parts, and are held in memory.
 * @param wanted names of arrays; all without
 * @throws DataError
 */
export async function openNpz(
  file: DataFile,
  limits: Limits,
  wanted?: readonly string[],
): Promise<Map<string, FileArray>> {
  const arrays = new Map<string, FileArray>();
  for (const member of await zipFiles(file, limits)) {
    const name = member.path.replace(/\.npy$/, "");
    if (name === member.path || (wanted !== undefined && !wanted.includes(name))) continue;
    if (arrays.has(name)) throw new DataError(member.path, "is in the archive twice");
    arrays.set(name, await openNpy(member, limits));
  }
  return arrays;
}
