/** gzip (RFC 1952), expanded by the platform, up to a limit. */
import { DataError } from "../errors.ts";
import { bytesFile, type DataFile, readWhole } from "./file.ts";
import type { Limits } from "./limits.ts";

/** The file without its compression, in memory. @throws DataError for damaged files and those beyond the limit */
export async function gunzip(file: DataFile, limits: Limits): Promise<DataFile> {
  const packed = await readWhole(file, limits.memory);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    const reader = stream.getReader();
    for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
      length += next.value.length;
      if (length > limits.memory) {
        await reader.cancel();
        throw new DataError(
          file.path,
          `expands to more than ${limits.memory} bytes; expand it first, or raise the limit`,
        );
      }
      parts.push(next.value);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(file.path, `cannot be expanded: ${error instanceof Error ? error.message : error}`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytesFile(file.path.replace(/\.gz$/i, ""), bytes);
}
