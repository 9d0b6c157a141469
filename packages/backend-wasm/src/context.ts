/** What kernels are compiled against: memory, the exported functions, and how to run them. */
import type { Exports } from "./gen/kernels.ts";
import type { LinearMemory } from "./memory/linear-memory.ts";
import type { Workspace } from "./memory/workspace.ts";

type FunctionName = {
  [N in keyof Exports]: Exports[N] extends (...args: number[]) => unknown ? N : never;
}[keyof Exports];

/** Kernels whose work is a range that threads may share: begin and end come first. */
export type RangeFunction = {
  [N in FunctionName]: Parameters<Exports[N]> extends [begin: number, end: number, ...rest: number[]]
    ? N
    : never;
}[FunctionName];

/** The arguments that follow them. */
export type RangeArguments<N extends RangeFunction> =
  Parameters<Exports[N]> extends [begin: number, end: number, ...rest: infer R extends number[]] ? R : never;

/**
 * Which numbers the relaxed dot product multiplies. It is specified for codes from 0 to 127 in its second operand; with
 * the whole byte it is still one of these on a given engine and machine, the same everywhere and always (relaxed SIMD
 * leaves the choice to the host, once), and exact where it is not "seven".
 */
export type DotOperand = "unsigned" | "signed" | "seven";

export interface Context {
  readonly memory: LinearMemory;
  /** Kernels ask for theirs through `Owned`. */
  readonly workspace: Workspace;
  readonly exports: Exports;
  /** Whether this is the relaxed build. */
  readonly relaxed: boolean;
  readonly dot: DotOperand;
  /**
   * Runs an exported kernel over [0, total), split over threads. `work` is about how many simple operations the whole
   * is worth: little work stays on one thread. Calls take effect in their order.
   */
  run<N extends RangeFunction>(name: N, total: number, work: number, ...args: RangeArguments<N>): void;
  /** Where kernels record what is wrong with the data that they are given (assembly/fault.as). */
  readonly fault: number;
  /** To call after a kernel that may have done so: throws it. Where kernels run later, the next read rejects with it. */
  raise(): void;
}

/** Bytes of memory that every thread has for itself, the `scratch` of assembly/simd.as. */
export const SCRATCH_BYTES = 1 << 19;
