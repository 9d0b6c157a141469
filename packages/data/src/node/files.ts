/** Files on disk. */
import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";

/** What folders may hold; more is a mistake, such as a home folder. */
const MAX_FILES = 10_000_000;

/** The file at a path, or all files in the folder there, with paths from that folder on. @throws DataError */
export async function diskFiles(path: string): Promise<DataFile[]> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new DataError(path, "does not exist, or cannot be read");
  if (info.isFile()) return [diskFile(path, basename(path), info.size)];
  const names = await readdir(path, { recursive: true });
  if (names.length > MAX_FILES)
    throw new DataError(path, `has ${names.length} files, and the limit is ${MAX_FILES}`);
  const files: DataFile[] = [];
  for (const name of names) {
    const full = join(path, name);
    const found = await stat(full).catch(() => undefined);
    if (found === undefined) throw new DataError(full, "cannot be read, or is a link to nothing");
    if (found.isFile()) files.push(diskFile(full, name.replaceAll("\\", "/"), found.size));
  }
  return files;
}

function diskFile(path: string, name: string, size: number): DataFile {
  return {
    path: name,
    size,
    read: async (start = 0, end = size) => {
      const handle = await open(path, "r");
      try {
        const bytes = new Uint8Array(end - start);
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
          if (bytesRead === 0)
            throw new DataError(path, `ends at byte ${start + at}: it has changed since it was opened`);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}
