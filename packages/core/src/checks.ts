/** Checks of arguments that several files share. Not part of the package's interface. */
import { ShapeError } from "./errors.ts";

/** Name of the built-in type of an array, whatever realm it is from: "Uint8Array" for Node's Buffer too. */
export function arrayName(array: object): string {
  return Object.prototype.toString.call(array).slice(8, -1);
}

export function checkLength(length: number): void {
  if (Number.isSafeInteger(length) && length >= 0) return;
  throw new ShapeError(`length ${length} is not a non-negative integer; pass a number of elements`, [length]);
}

/** Throws ShapeError unless an array has room for, or holds, as many elements as needed. */
export function checkRoom(name: string, actual: number, expected: number): void {
  if (actual >= expected) return;
  throw new ShapeError(`"${name}" has ${actual} elements where ${expected} are needed`, [actual]);
}
