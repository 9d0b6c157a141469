// What a kernel finds wrong with its data, for the host to make an error of (src/fault.ts).

/** Records an index out of range, unless something was recorded before. */
export function recordIndex(fault: usize, index: i32, position: i32, length: i32): void {
  if (load<i32>(fault) != 0) return;
  store<i32>(fault, 1);
  store<i32>(fault, index, 4);
  store<i32>(fault, position, 8);
  store<i32>(fault, length, 12);
}
