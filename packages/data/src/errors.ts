/** What can be wrong with data, as data: each error names the file and what to do next. */
import { BitbudgetError } from "@bitbudget/core";

export class DataError extends BitbudgetError {
  readonly code = "DATA";
  /** The file, entry or sample that it is about. */
  readonly source: string;
  constructor(source: string, detail: string) {
    super(`${source}: ${detail}`);
    this.source = source;
  }
}
