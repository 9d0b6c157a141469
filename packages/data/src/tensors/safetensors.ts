/**
 * safetensors files (github.com/huggingface/safetensors): the length of a JSON header, the header, and the bytes of the
 * tensors. The header is checked as the reference implementation does, before anything is read: every tensor has the bytes that
 * its shape needs, and together they cover the rest of the file exactly, without overlap.
 */
import { type DType, dtypeInfo, elementCount } from "@bitbudget/core";
import { DataError } from "../errors.ts";
import { type DataFile, parseJson, seekable } from "../files/file.ts";
import { describe, isRecord } from "../values.ts";
import type { FileArray } from "./array.ts";

const dtypes: Readonly<Record<string, DType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F8_E4M3: "float8_e4m3fn",
  F8_E5M2: "float8_e5m2",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

/** As in the reference implementation. */
const MAX_HEADER = 100_000_000;

/** The tensors by name. @throws DataError for what is not such a file, or lies about its contents */
export async function openSafetensors(given: DataFile): Promise<Map<string, FileArray>> {
  const file = await seekable(given);
  const prefix = await file.read(0, Math.min(8, file.size));
  if (prefix.length < 8) throw new DataError(file.path, "is too short for a safetensors file");
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > file.size)
    throw new DataError(
      file.path,
      `is not a safetensors file, or cut off: it declares a header of ${length} bytes`,
    );
  const header = parseJson(new TextDecoder().decode(await file.read(8, 8 + length)), `${file.path}, header`);
  if (!isRecord(header))
    throw new DataError(
      `${file.path}, header`,
      `must be an object of tensors by name, not ${describe(header)}`,
    );
  const tensors = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => ({ name, ...checkEntry(value, `${file.path}, ${JSON.stringify(name)}`) }));
  checkCover(tensors, file.size - 8 - length, file.path);
  return new Map(
    tensors.map(({ name, dtype, shape, start }) => [name, { file, dtype, shape, start: 8 + length + start }]),
  );
}

interface Entry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function checkEntry(value: unknown, where: string): Entry {
  if (!isRecord(value))
    throw new DataError(where, `must be { dtype, shape, data_offsets }, not ${describe(value)}`);
  const { dtype: name, shape, data_offsets: offsets } = value;
  const dtype = typeof name === "string" && Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;
  if (dtype === undefined)
    throw new DataError(
      where,
      `has the dtype ${describe(name)}; ${Object.keys(dtypes).join(", ")} can be read`,
    );
  if (!isSizes(shape))
    throw new DataError(
      where,
      `has the shape ${describe(shape)}; it must be a list of non-negative integers`,
    );
  if (!isSizes(offsets) || offsets.length !== 2)
    throw new DataError(where, `has the data_offsets ${describe(offsets)}; they must be [start, end]`);
  const [start, end] = [offsets[0]!, offsets[1]!];
  const bytes = shape.reduce((product, size) => product * size, dtypeInfo(dtype).bits / 8);
  if (!(elementCountIsSafe(shape) && end - start === bytes))
    throw new DataError(
      where,
      `has the bytes ${start} to ${end}, and ${dtype} [${shape.join(", ")}] needs ${bytes}`,
    );
  return { dtype, shape, start, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function elementCountIsSafe(shape: readonly number[]): boolean {
  try {
    return elementCount(shape) >= 0;
  } catch {
    return false;
  }
}

function checkCover(
  tensors: readonly (Entry & { readonly name: string })[],
  size: number,
  path: string,
): void {
  let at = 0;
  for (const { name, start, end } of [...tensors].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at)
      throw new DataError(
        `${path}, ${JSON.stringify(name)}`,
        `begins at byte ${start} of the data, where ${at} is expected: tensors overlap or leave a hole`,
      );
    at = end;
  }
  if (at !== size) throw new DataError(path, `has ${size} bytes of data, and its tensors end at ${at}`);
}
