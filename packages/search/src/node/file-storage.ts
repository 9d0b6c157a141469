/** A journal in a file, each line of which is on the disk before the next trial is told of. */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { JournalWriteError } from "../errors.ts";
import type { JournalStorage } from "../study/storage.ts";

export type FileStorage = JournalStorage & AsyncDisposable;

/**
 * Opens a journal, or makes one.
 * @throws JournalWriteError where it cannot be, and later when the disk is full or another process writes the same file
 */
export async function fileStorage(path: string): Promise<FileStorage> {
  const file = await openFile(path);
  let length = (await file.stat()).size;
  const expectAlone = async () => {
    const { size } = await file.stat();
    if (size !== length)
      throw new JournalWriteError(
        `${path} has ${size} bytes where there were ${length}: another process writes it; end one of both`,
      );
  };
  return {
    read: async () => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, done);
        if (bytesRead === 0) throw new JournalWriteError(`${path} became shorter while it was read`);
        done += bytesRead;
      }
      return bytes;
    },
    append: async (bytes) => {
      await expectAlone();
      await attempt(path, async () => {
        await file.appendFile(bytes);
        await file.datasync();
      });
      length += bytes.length;
    },
    truncate: async (to) => {
      await expectAlone();
      await attempt(path, async () => {
        await file.truncate(to);
        await file.datasync();
      });
      length = to;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openFile(path: string): Promise<FileHandle> {
  return attempt(path, async () => {
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const file = await open(path, "a+");
    await syncFolder(folder);
    return file;
  });
}

/** So that the name of a new file survives a crash, too. Not every system has that for folders. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // The data itself is flushed all the same.
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const what =
      code === "ENOSPC"
        ? "the disk is full; make room and run again: it goes on where it was"
        : String(cause);
    throw new JournalWriteError(`${path}: ${what}`, cause);
  }
}
