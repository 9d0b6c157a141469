// Bytes moved as they are.

export function copyBytes(begin: i32, end: i32, from: usize, to: usize): void {
  memory.copy(to + begin, from + begin, end - begin);
}
