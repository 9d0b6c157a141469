/** .npz files: zip archives of .npy files, each named for its array. */
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";
import { checkMemory, type Limits } from "../files/limits.ts";
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
  const nameOf = ({ path }: DataFile) => path.replace(/\.npy$/, "");
  const members = (await zipFiles(file, limits)).filter(
    (member) => nameOf(member) !== member.path && (wanted?.includes(nameOf(member)) ?? true),
  );
  checkMemory(members, limits);
  const arrays = new Map<string, FileArray>();
  for (const member of members) {
    if (arrays.has(nameOf(member))) throw new DataError(member.path, "is in the archive twice");
    arrays.set(nameOf(member), await openNpy(member, limits));
  }
  return arrays;
}
