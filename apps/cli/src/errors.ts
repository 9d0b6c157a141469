/** What can go wrong for a user, and what is said of it: what, where, and what to do next. Never a stack trace. */
import { BitbudgetError } from "@bitbudget/core";

/** Exit codes; the README and `--help` state them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A command line or a configuration that makes no sense: exit code 2. */
export class UsageError extends BitbudgetError {
  readonly code = "USAGE";
}

/** Something outside that is not as it must be: exit code 1. */
export class CliError extends BitbudgetError {
  readonly code = "CLI";
}

/** What was thrown, for people: one or a few lines. */
export function describeError(error: unknown): string {
  if (error instanceof BitbudgetError) {
    const hint = hints[error.code];
    return hint === undefined ? error.message : `${error.message}\n${hint}`;
  }
  const system = systemError(error);
  if (system !== undefined) return system;
  const message = error instanceof Error ? error.message : String(error);
  return `unexpected: ${message}\nThis is a fault of bitbudget. BITBUDGET_DEBUG=1 shows where it happened; please report it with that.`;
}

/** What to do next, by the code of the error. */
const hints: Readonly<Record<string, string>> = {
  CALIBRATION: "Check --preprocessing, or leave out the samples at fault.",
  VERIFICATION: "Nothing was written. Try another --preset, --target or --encoding.",
  UNSUPPORTED_OPERATORS:
    "The runtime does not have these operators; export the model with others, or with another opset.",
  FEED: "The data must be what the model takes: `bitbudget inspect MODEL` prints its inputs; --preprocessing or --feeds give them their names and shapes.",
  TARGET: "`bitbudget inspect MODEL` prints what each target runs; try another --preset or --target.",
};

function systemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : "a file";
  switch (error.code) {
    case "ENOENT":
      return `${path} does not exist; check the path`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `${path} may not be read or written (${error.code}); check its permissions, or choose another place`;
    case "EISDIR":
      return `${path} is a folder; name a file in it`;
    case "ENOTDIR":
      return `${path} leads through a file that is no folder; check the path`;
    case "ENOSPC":
    case "EFBIG":
    case "EDQUOT":
      return `there is no room to write ${path} (${error.code}); free some, or name another place with --out. What was there before is as it was`;
    default:
      return undefined;
  }
}
