// What a kernel finds wrong with its data, for the host to make an error of (src/fault.ts).

/**
 * Records an index out of range, unless something was recorded before. Index and position are one store, so that what
 * several threads find does not mix; the length is the same for all parts of a call.
 */
export function recordIndex(fault: usize, index: i32, position: i32, length: i32): void {
  if (load<i32>(fault, 4) != 0) return;
  store<i32>(fault, length, 8);
  store<i64>(fault, (<i64>(position + 1) << 32) | <i64><u32>index);
}
