/**
 * .npy files (NumPy Enhancement Proposal 1, versions 1 to 3): a header that is the text of a Python dictionary, then the
 * elements. Every number type of NumPy that has a dtype here can be read, in either order of bytes and axes; complex numbers,
 * texts, dates, structures and pickled objects cannot.
 */
import { type DType, dtypeInfo, elementCount } from "@bitbudget/core";
import { DataError } from "../errors.ts";
import { bytesFile, type DataFile, readWhole, seekable } from "../files/file.ts";
import type { Limits } from "../files/limits.ts";
import type { FileArray } from "./array.ts";

const dtypes: Readonly<Record<string, DType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself reads headers of up to 10,000 characters, unless told otherwise. */
const MAX_HEADER = 65536;
const MAX_AXES = 64;

/**
 * The array in a file. Its elements are read later, but for arrays in Fortran's order, which have no rows that lie together:
 * these are read at once, up to `limits.memory`, and turned.
 * @throws DataError for what is not such a file, is damaged, or has elements that are no numbers
 */
export async function openNpy(given: DataFile, limits: Limits): Promise<FileArray> {
  const file = await seekable(given);
  const { text, start } = await readHeader(file);
  const { descr, fortran, shape } = parseHeader(text, file.path);
  const [, order, kind] = /^([<>|=])([a-zA-Z]\d+)$/.exec(descr) ?? [];
  const dtype = kind === undefined || !Object.hasOwn(dtypes, kind) ? undefined : dtypes[kind];
  if (dtype === undefined)
    throw new DataError(
      file.path,
      `has elements of NumPy's type ${JSON.stringify(descr)}; convert them to one of ${Object.keys(dtypes).join(", ")}`,
    );
  const expected = start + elementCount(shape) * (dtypeInfo(dtype).bits / 8);
  if (file.size !== expected)
    throw new DataError(
      file.path,
      `has ${file.size} bytes, and ${dtype} [${shape.join(", ")}] needs ${expected}`,
    );
  const array = { file, dtype, shape, start, swapped: order === ">" };
  return fortran && shape.length > 1 ? turned(array, limits) : array;
}

async function readHeader(file: DataFile): Promise<{ text: string; start: number }> {
  const bytes = await file.read(0, Math.min(12, file.size));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || !magic.every((byte, i) => bytes[i] === byte))
    throw new DataError(file.path, "is not a .npy file");
  const version = bytes[6]!;
  if (version < 1 || version > 3)
    throw new DataError(file.path, `is a .npy file of version ${version}; only 1, 2 and 3 are known`);
  const from = version === 1 ? 10 : 12;
  const length =
    version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? Infinity : view.getUint32(8, true);
  if (length > MAX_HEADER || from + length > file.size)
    throw new DataError(file.path, `declares a header of ${length} bytes, which it does not have`);
  const header = await file.read(from, from + length);
  return { text: new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(header), start: from + length };
}

const entry =
  /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([\dL,\s]*\)|\[.*\])\s*(?:,|(?=\}))/gy;

/** The dictionary has three entries, in any order, as `repr` writes them. */
function parseHeader(text: string, source: string): { descr: string; fortran: boolean; shape: number[] } {
  const entries = [...text.trim().slice(1).matchAll(entry)];
  const found = new Map(entries.map(([, , name, value]) => [name, value]));
  const length = entries.reduce((sum, [all]) => sum + all.length, 0);
  const complete =
    text.trim().startsWith("{") &&
    text
      .trim()
      .slice(1 + length)
      .trim() === "}";
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((name) => found.get(name));
  if (!complete || !descr || !fortran || !shape?.startsWith("(") || !/^(True|False)$/.test(fortran))
    throw new DataError(
      source,
      `has a header that is not of a .npy file: ${JSON.stringify(text.trim().slice(0, 100))}`,
    );
  if (!/^['"]/.test(descr))
    throw new DataError(source, "has elements that are structures; save each field as an array of its own");
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  const count = sizes.reduce((product, size) => product * (size || 1), 1);
  if (sizes.length > MAX_AXES || !(count <= Number.MAX_SAFE_INTEGER / 8))
    throw new DataError(source, `declares the shape ${shape.slice(0, 100)}, which no file can hold`);
  return { descr: descr.slice(1, -1), fortran: fortran === "True", shape: sizes };
}

/** An array in Fortran's order, the first axis fastest, in row-major order. */
async function turned(array: FileArray, limits: Limits): Promise<FileArray> {
  const { file, dtype, shape, start } = array;
  const bytes = await readWhole(file, limits.memory);
  const size = dtypeInfo(dtype).bits / 8;
  const out = new Uint8Array(bytes.length - start);
  const position = shape.map(() => 0);
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((product, each) => product * each, size));
  let from = start;
  for (let to = 0; to < out.length; to += size) {
    for (let i = 0; i < size; i++) out[to + i] = bytes[from + i]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return { ...array, file: bytesFile(file.path, out), start: 0 };
}
