/** FNV-1a, 32 bits, in hexadecimal. */
export function fnv1a(bytes: ArrayLike<number>): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) state = Math.imul(state ^ bytes[i]!, 0x01000193);
  return (state >>> 0).toString(16).padStart(8, "0");
}
