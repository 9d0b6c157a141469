/** A file, wherever it is: on disk, a Blob of the browser, bytes in memory, an entry of an archive. */
import { DataError } from "../errors.ts";

export interface DataFile {
  /** Path within what was opened, with "/" between folders. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Whether reading a part costs as much as reading all: the entry is compressed. */
  readonly packed?: boolean;
  /** The bytes from `start` to before `end`; all without. */
  read(start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A file of the browser, or bytes with a path. A `File` has its path in `webkitRelativePath`, or else its name. */
export type FileInput = File | { readonly path: string; readonly data: Blob | Uint8Array };

/** Files that users of this package have. The folder that a user chose, the root of `webkitRelativePath`, is left out. */
export function toFiles(given: FileInput | Iterable<FileInput>): DataFile[] {
  const inputs = isInput(given) ? [given] : [...given];
  return inputs.map((input, i) => {
    if (!isInput(input))
      throw new DataError(`file ${i}`, "must be a File, or { path, data } with a Blob or Uint8Array");
    if (input instanceof Blob) {
      const path =
        input.webkitRelativePath === "" ? input.name : input.webkitRelativePath.replace(/^[^/]*\//, "");
      return blobFile(path, input);
    }
    const path = input.path.replaceAll("\\", "/");
    return input.data instanceof Blob ? blobFile(path, input.data) : bytesFile(path, input.data);
  });
}

function isInput(value: unknown): value is FileInput {
  if (value instanceof Blob) return "name" in value;
  if (typeof value !== "object" || value === null || !("path" in value) || !("data" in value)) return false;
  return typeof value.path === "string" && (value.data instanceof Blob || value.data instanceof Uint8Array);
}

function blobFile(path: string, blob: Blob): DataFile {
  return {
    path,
    size: blob.size,
    read: async (start = 0, end = blob.size) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

/** Bytes in memory. What is read is a view of them, unless they are shared with other threads, which not all of the platform takes. */
export function bytesFile(path: string, given: Uint8Array): DataFile {
  const bytes = isOwn(given) ? given : Uint8Array.from(given);
  return {
    path,
    size: bytes.length,
    read: async (start = 0, end = bytes.length) => bytes.subarray(start, end),
  };
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** What `buffered` reads at a time. */
const BLOCK = 2 ** 16;

/** The same file, of which the last 64 KiB are kept: for small parts that are read one after the other. */
export function buffered(file: DataFile): DataFile {
  let block:
    | { readonly start: number; readonly end: number; readonly bytes: Promise<Uint8Array<ArrayBuffer>> }
    | undefined;
  const read = async (start = 0, end = file.size) => {
    if (end - start > BLOCK) return file.read(start, end);
    if (block === undefined || start < block.start || end > block.end) {
      const last = Math.min(file.size, start + BLOCK);
      block = { start, end: last, bytes: file.read(start, last) };
    }
    const { start: first, bytes } = block;
    return (await bytes).subarray(start - first, end - first);
  };
  return { ...file, read };
}

/**
 * A file whose parts can be read cheaply: itself, or its bytes in memory.
 * @throws DataError for a compressed file that is larger than memory may be
 */
export async function seekable(file: DataFile): Promise<DataFile> {
  return file.packed ? bytesFile(file.path, await file.read()) : file;
}

/** All bytes. @throws DataError for a file of more than `limit` */
export async function readWhole(file: DataFile, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > limit)
    throw new DataError(
      file.path,
      `has ${file.size} bytes and must be read at once, for which the limit is ${limit}; raise it in limits`,
    );
  return file.read();
}

/** The text of a file, UTF-8. @throws DataError where it is not */
export async function readText(file: DataFile, limit: number): Promise<string> {
  const bytes = await readWhole(file, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(file.path, "is not UTF-8 text");
  }
}

/** The value of a JSON file. @throws DataError */
export async function readJson(file: DataFile, limit: number): Promise<unknown> {
  return parseJson(await readText(file, limit), file.path);
}

/** @throws DataError that names where it is from */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(source, `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** Lowercase, without the dot; "" without one. */
export function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}
