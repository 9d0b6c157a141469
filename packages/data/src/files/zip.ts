/**
 * Zip archives (PKWARE APPNOTE 6.3.10, with zip64), by their directory: entries are found without reading what lies
 * between, stored ones are read in parts. Archives are hostile until proven otherwise: sizes are checked against the file and
 * the limits before anything is allocated, and an entry stops expanding at the size that it declared.
 */
import { Inflate } from "fflate";
import { DataError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import type { DataFile } from "./file.ts";
import type { Limits } from "./limits.ts";

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of the local header. */
  readonly offset: number;
}

interface Directory {
  readonly entries: number;
  readonly start: number;
  readonly size: number;
}

const END = 22;
const LOCATOR = 20;
const HEADER = 46;
const LOCAL = 30;
/** Deflate makes at most 258 bytes of two bits. */
const MAX_RATIO = 1032;
/** Of the compressed bytes that are expanded at a time. */
const CHUNK = 2 ** 16;
const MAX_DIRECTORY = 2 ** 28;

/**
 * The files in an archive, without folders.
 * @throws DataError for what is not a zip archive, is encrypted, damaged, split, or beyond the limits
 */
export async function zipFiles(archive: DataFile, limits: Limits): Promise<DataFile[]> {
  const directory = await findDirectory(archive);
  if (directory.entries > limits.entries || directory.size > MAX_DIRECTORY)
    throw new DataError(
      archive.path,
      `declares ${directory.entries} files, and the limit is ${limits.entries}; raise it in limits`,
    );
  if (directory.start + directory.size > archive.size)
    throw new DataError(archive.path, "is a damaged zip archive: its directory lies beyond its end");
  const bytes = await archive.read(directory.start, directory.start + directory.size);
  return entriesOf(bytes, directory.entries, archive.path)
    .filter(({ path }) => !path.endsWith("/"))
    .map((entry) => entryFile(archive, entry, directory.start, limits));
}

async function findDirectory(archive: DataFile): Promise<Directory> {
  const start = Math.max(0, archive.size - END - LOCATOR - 0xffff);
  const tail = await archive.read(start, archive.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.length - END; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || at + END + view.getUint16(at + 20, true) !== tail.length)
      continue;
    const found = {
      entries: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      start: view.getUint32(at + 16, true),
    };
    const wide = at >= LOCATOR && view.getUint32(at - LOCATOR, true) === 0x07064b50;
    if (wide) return findWideDirectory(archive, toNumber(view, at - LOCATOR + 8, archive.path));
    if (view.getUint16(at + 4, true) !== 0)
      throw new DataError(archive.path, "is one part of a split zip archive; join the parts");
    return found;
  }
  throw new DataError(archive.path, "is not a zip archive, or its end is missing");
}

async function findWideDirectory(archive: DataFile, at: number): Promise<Directory> {
  const bytes = at + 56 <= archive.size ? await archive.read(at, at + 56) : new Uint8Array(56);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0x06064b50)
    throw new DataError(archive.path, "is a damaged zip archive: its zip64 directory is missing");
  const [entries, size, start] = [32, 40, 48].map((offset) => toNumber(view, offset, archive.path));
  return { entries: entries!, size: size!, start: start! };
}

function entriesOf(bytes: Uint8Array, count: number, path: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (at + HEADER > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw new DataError(
        path,
        `is a damaged zip archive: its directory ends after ${entries.length} of ${count} files`,
      );
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const nameEnd = at + HEADER + name!;
    const end = nameEnd + extra! + comment!;
    if (end > bytes.length)
      throw new DataError(path, "is a damaged zip archive: a name passes the end of its directory");
    const entryPath = new TextDecoder().decode(bytes.subarray(at + HEADER, nameEnd)).replaceAll("\\", "/");
    if ((view.getUint16(at + 8, true) & 1) !== 0)
      throw new DataError(`${path}/${entryPath}`, "is encrypted; decrypt the archive first");
    const wide = wideFields(new DataView(bytes.buffer, bytes.byteOffset + nameEnd, extra!), path);
    const field = (offset: number): number => {
      const value = view.getUint32(at + offset, true);
      return value === 0xffffffff ? (wide.shift() ?? value) : value;
    };
    // The order is that of zip64's fields.
    const [size, packedSize, offset] = [field(24), field(20), field(42)];
    entries.push({
      path: entryPath,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize,
      size,
      offset,
    });
    at = end;
  }
  return entries;
}

/** The 64-bit numbers of an entry that do not fit its header. */
function wideFields(extra: DataView, path: string): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1) {
      const fields: number[] = [];
      for (let i = 0; i + 8 <= Math.min(length, extra.byteLength - at - 4, 24); i += 8)
        fields.push(toNumber(extra, at + 4 + i, path));
      return fields;
    }
    at += 4 + length;
  }
  return [];
}

function toNumber(view: DataView, at: number, path: string): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new DataError(path, `is a damaged zip archive: it declares ${value} bytes`);
  return Number(value);
}

function entryFile(archive: DataFile, entry: Entry, end: number, limits: Limits): DataFile {
  const { path, method, size, packedSize } = entry;
  const name = `${archive.path}/${path}`;
  const start = () => dataStart(archive, entry, end, name);
  if (method === 0) {
    if (size !== packedSize)
      throw new DataError(name, `is damaged: ${packedSize} bytes are stored, and ${size} declared`);
    const read = async (from = 0, to = size) => {
      const at = await start();
      const bytes = await archive.read(at + from, at + to);
      return from === 0 && to === size ? checked(bytes, entry, name) : bytes;
    };
    return { path, size, read };
  }
  const read = async (from = 0, to = size) => {
    if (method !== 8)
      throw new DataError(
        name,
        `is compressed with method ${method}; only deflate (8) and none (0) can be read`,
      );
    if (size > limits.memory)
      throw new DataError(
        name,
        `expands to ${size} bytes, and the limit is ${limits.memory}; store it without compression, or raise the limit`,
      );
    if (size > packedSize * MAX_RATIO + CHUNK)
      throw new DataError(name, `declares ${size} bytes, which ${packedSize} compressed ones cannot hold`);
    const at = await start();
    return checked(inflate(await archive.read(at, at + packedSize), size, name), entry, name).subarray(
      from,
      to,
    );
  };
  return { path, size, packed: true, read };
}

/** Where an entry's bytes are: behind its local header, whose lengths may differ from the directory's. */
async function dataStart(
  archive: DataFile,
  { offset, packedSize }: Entry,
  end: number,
  name: string,
): Promise<number> {
  const header = offset + LOCAL <= end ? await archive.read(offset, offset + LOCAL) : new Uint8Array(LOCAL);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const start = offset + LOCAL + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== 0x04034b50 || start + packedSize > end)
    throw new DataError(name, "is damaged: it lies outside of its archive");
  return start;
}

function inflate(packed: Uint8Array, size: number, name: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let length = 0;
  const stream = new Inflate((part) => {
    if (length + part.length > size)
      throw new DataError(name, `expands to more than the ${size} bytes that it declares`);
    bytes.set(part, length);
    length += part.length;
  });
  try {
    for (let at = 0; at < packed.length || at === 0; at += CHUNK)
      stream.push(packed.subarray(at, at + CHUNK), at + CHUNK >= packed.length);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(name, `cannot be expanded: ${error instanceof Error ? error.message : error}`);
  }
  if (length !== size) throw new DataError(name, `expands to ${length} bytes instead of ${size}`);
  return bytes;
}

function checked(bytes: Uint8Array<ArrayBuffer>, { crc }: Entry, name: string): Uint8Array<ArrayBuffer> {
  if (crc32(bytes) !== crc) throw new DataError(name, "is damaged: its checksum does not match");
  return bytes;
}
