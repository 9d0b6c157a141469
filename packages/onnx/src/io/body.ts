/** The body of an answer, no more of it than was asked for, whatever the server says or sends. */

/** All bytes of a body, or undefined when there are more than `most`; then the rest is not read. */
export async function readBody(
  response: Response,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) break;
    chunks.push(part.value);
    length += part.value.length;
    if (length > most) {
      await reader?.cancel();
      return undefined;
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
