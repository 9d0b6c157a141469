/** What is measured, as rows: what `--json` writes and what the table and the report read. */
import type { Estimate, Ratio } from "./statistics.ts";

/** What was run. Kernels: an op and its shape. Models: op "model", a name, and the shapes of its feeds. */
export interface Work {
  readonly op: string;
  readonly scheme: string;
  readonly shape: string;
  readonly threads: number;
  readonly backend: string;
}

/**
 * From operands in host memory to a result there, for us and for every rival: the same work. Large results of kernels stay
 * where they were computed, for all.
 */
export interface TimedRow extends Work, Estimate {
  readonly status: "timed";
  /** Which kernel ran: its operands, and whether it computed on the codes ("native") or on floats ("decoded"). */
  readonly kernel: string;
  /** Billions of multiply-adds per second; null where the work is none. */
  readonly gmacs: number | null;
  /** Training: images or other samples per second. */
  readonly samplesPerSecond?: number;
  /** The kernel alone, with its operands on the device already. Rivals offer no such thing. */
  readonly kernelOnly?: Estimate & { readonly gmacs: number | null };
  readonly rivals: Readonly<Record<string, RivalTime>>;
  readonly problems: readonly Problem[];
}

/** A rival's time; a ratio above 1 means that we are faster. */
export interface RivalTime extends Estimate, Ratio {}

/** A rival that was not timed. */
export interface Problem {
  readonly rival: string;
  /** "disagrees": its result is not ours, which is an error. "fails": it does not run this. */
  readonly kind: "disagrees" | "fails";
  readonly message: string;
}

/** The backend does not have this kernel, and says so. */
export interface RefusedRow extends Work {
  readonly status: "refused";
  readonly reason: string;
}

/** We failed, which is an error. */
export interface FailedRow extends Work {
  readonly status: "failed";
  readonly error: string;
}

export type Row = TimedRow | RefusedRow | FailedRow;

/** Where rows come from: figures of two machines are not to be compared. */
export interface Environment {
  readonly engine: string;
  readonly processor: string;
  readonly device: string;
  readonly threads: number;
  readonly rivals: Readonly<Record<string, string>>;
}

export type Command = "kernels" | "models" | "first" | "train";

/** What `--json` writes. */
export interface BenchFile {
  readonly format: "bitbudget-bench/1";
  readonly command: Command;
  /** When it was run, in ISO 8601. */
  readonly date: string;
  readonly environment: Environment;
  readonly rows: readonly Row[];
}

/** Whether a row is an error: we failed, or a rival's result is not ours. */
export function isError(row: Row): boolean {
  return (
    row.status === "failed" ||
    (row.status === "timed" && row.problems.some(({ kind }) => kind === "disagrees"))
  );
}
