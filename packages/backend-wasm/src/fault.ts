/** What kernels find wrong with the data that they are given (assembly/fault.as), as an error. */
import { IndexError } from "@bitbudget/backend";
import type { LinearMemory } from "./memory/linear-memory.ts";

/** Words: an index, 1 + its position or 0 where there is no fault, and the length of the axis. */
export const FAULT_BYTES = 12;

/** The fault that was recorded, if one was. It is taken: the next one can be recorded. */
export function takeFault(memory: LinearMemory, address: number): IndexError | undefined {
  const words = memory.int32(address, FAULT_BYTES / 4);
  const position = words[1]! - 1;
  if (position < 0) return undefined;
  words[1] = 0;
  return new IndexError(words[0]!, position, words[2]!);
}
