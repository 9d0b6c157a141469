/** Files by URL, in Node. */
import { readFile } from "node:fs/promises";

export async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(url));
}
