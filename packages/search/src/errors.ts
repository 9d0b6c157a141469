/** What can go wrong in a search, as data. */
import { BitbudgetError } from "@bitbudget/core";

/** A setting that contradicts itself or the documentation. */
export class SearchError extends BitbudgetError {
  readonly code: string = "SEARCH";
}

/** A problem that is not one: no choices, names twice, costs that are no numbers. */
export class ProblemError extends SearchError {
  override readonly code = "PROBLEM";
  /** Where: the name of a group, or a field of the problem. */
  readonly where: string;

  constructor(where: string, detail: string) {
    super(`${where}: ${detail}`);
    this.where = where;
  }
}

/** A pin, a ban or a limit that fits nothing, or leaves nothing. */
export class RuleError extends SearchError {
  override readonly code = "RULE";
  /** Position in the list of rules, from 0. */
  readonly index: number;

  constructor(index: number, detail: string) {
    super(`rule ${index + 1}: ${detail}`);
    this.index = index;
  }
}

/** What came out of an evaluation is no outcome. */
export class OutcomeError extends SearchError {
  override readonly code = "OUTCOME";
  /** Number of the trial, from 0. */
  readonly trial: number;

  constructor(trial: number, detail: string) {
    super(`trial ${trial}: ${detail}`);
    this.trial = trial;
  }
}

/** The solver of integer programs could not be loaded, or gave up. */
export class SolverError extends SearchError {
  override readonly code = "SOLVER";
}

/** Bytes that are no journal, or one that is damaged before its end. */
export class JournalError extends SearchError {
  override readonly code: string = "JOURNAL";
  /** From 1. */
  readonly line: number;
  /** Of the first byte of the line, in bytes from the start. */
  readonly offset: number;

  constructor(line: number, offset: number, detail: string) {
    super(`line ${line} of the journal, at byte ${offset}: ${detail}`);
    this.line = line;
    this.offset = offset;
  }
}

/** A journal that could not be written. Trials before are safe. */
export class JournalWriteError extends SearchError {
  override readonly code = "JOURNAL_WRITE";

  constructor(detail: string, cause?: unknown) {
    super(`the journal could not be written: ${detail}`);
    this.cause = cause;
  }
}

/** A journal of another problem, another algorithm, or other settings. */
export class StudyMismatchError extends SearchError {
  override readonly code = "STUDY_MISMATCH";
  readonly what: string;

  constructor(what: string, recorded: string, present: string) {
    super(
      `the journal is of another study: its ${what} is ${recorded}, and here it is ${present}; ` +
        "use the settings that it was begun with, or begin another journal",
    );
    this.what = what;
  }
}
