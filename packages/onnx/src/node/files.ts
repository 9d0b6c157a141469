/** External data in the files of a folder: opened once, read by range, and never outside that folder. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { ExternalDataError } from "../errors.ts";
import { checkRange } from "../io/inline.ts";
import { checkLocation, locationParts } from "../io/locations.ts";
import type { ExternalSource } from "../io/sources.ts";

/** The largest single read; one call of the system cannot deliver more than 2 GiB. */
const CHUNK = 2 ** 30;

/** Reads ranges of the files in `folder`. @throws ExternalDataError also for links and for what is not a file */
export function folderSource(folder: string): Required<ExternalSource> {
  const handles = new Map<string, Promise<FileHandle>>();
  return {
    async read(location, offset, length) {
      let handle = handles.get(location);
      if (handle === undefined) {
        handle = openInside(folder, location);
        handles.set(location, handle);
        handle.catch(() => handles.delete(location));
      }
      return readRange(await handle, location, offset, length);
    },
    async close() {
      const open = [...handles.values()];
      handles.clear();
      for (const handle of open) await (await handle.catch(() => undefined))?.close();
    },
  };
}

/** Opens a regular file below `folder`, following no link on the way. */
async function openInside(folder: string, location: string): Promise<FileHandle> {
  checkLocation(location);
  let path = folder;
  let stats: Stats | undefined;
  for (const part of locationParts(location)) {
    path = join(path, part);
    stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      throw new ExternalDataError(
        location,
        `${path} cannot be opened (${error.code}); put the file beside the model`,
      );
    });
    if (stats.isSymbolicLink()) {
      throw new ExternalDataError(
        location,
        `${path} is a link, which could lead anywhere; copy the file instead`,
      );
    }
  }
  if (!stats?.isFile())
    throw new ExternalDataError(location, `${path} is not a file; name one inside the model's folder`);
  // Not blocking and not following: what lies there may have been swapped since it was looked at.
  const handle = await open(
    path,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  const opened = await handle.stat();
  if (opened.ino === stats.ino && opened.dev === stats.dev) return handle;
  await handle.close();
  throw new ExternalDataError(location, `${path} changed while it was opened; try again`);
}

async function readRange(
  handle: FileHandle,
  location: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRange(location, offset, length, (await handle.stat()).size);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(CHUNK, length - done), offset + done);
    if (bytesRead === 0)
      throw new ExternalDataError(location, "the file became shorter while it was read; try again");
    done += bytesRead;
  }
  return bytes;
}
