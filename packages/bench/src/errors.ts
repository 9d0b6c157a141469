/** What can go wrong before anything is measured. */
import { BitbudgetError } from "@bitbudget/core";

/** The command makes no sense; the message says which part and what would. */
export class UsageError extends BitbudgetError {
  readonly code = "USAGE";
}

/** A file that is not what `--json` writes. */
export class BenchFileError extends BitbudgetError {
  readonly code = "BENCH_FILE";
  readonly path: string;
  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.path = path;
  }
}
