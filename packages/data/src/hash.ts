/** Hashes of contents, for caches: SHA-256, of which the platform has only the whole at once. */
import type { Batch } from "./batch.ts";
import { DataError } from "./errors.ts";
import type { DataFile } from "./files/file.ts";

/** What is hashed at a time, so that memory is bounded. Part of the definition of a file's hash. */
const PIECE = 2 ** 22;

/**
 * SHA-256 in hexadecimal digits; of a text, that of its UTF-8.
 * @throws DataError on a page that came over plain http, where browsers have none
 */
export async function sha256(content: Uint8Array<ArrayBuffer> | string): Promise<string> {
  if (globalThis.crypto?.subtle === undefined)
    throw new DataError("hash", "there is no Web Crypto here; serve the page over https or from localhost");
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of the JSON of a value. */
export function hashJson(value: unknown): Promise<string> {
  return sha256(JSON.stringify(value));
}

/** Of all bytes: SHA-256 over the SHA-256 of each 4 MiB, so that a large file is never in memory. */
export async function hashFile(file: DataFile): Promise<string> {
  if (file.packed) return hashBytes(await file.read());
  const pieces: string[] = [];
  for (let start = 0; start < file.size; start += PIECE)
    pieces.push(await sha256(await file.read(start, Math.min(file.size, start + PIECE))));
  return hashJson(pieces);
}

async function hashBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += PIECE)
    pieces.push(await sha256(bytes.subarray(start, start + PIECE)));
  return hashJson(pieces);
}

/** Of names, types and codes. */
export async function hashBatch({ feeds, targets }: Batch): Promise<string> {
  const parts: unknown[] = [];
  for (const tensors of [feeds, targets])
    for (const name of Object.keys(tensors).sort()) {
      const { dtype, shape, data } = tensors[name]!;
      const bytes = new Uint8Array(data.byteLength);
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      parts.push([tensors === feeds, name, dtype, shape, await hashBytes(bytes)]);
    }
  return hashJson(parts);
}
