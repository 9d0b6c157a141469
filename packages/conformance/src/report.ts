/** Failures in words: what, where, and the one line that shows it again. */
import type { Case } from "./case.ts";
import type { Failure } from "./run-case.ts";

/** The command that runs one case again and prints its tensors. */
export function reproduceCommand(id: string, module: string): string {
  return `npx bitbudget-conformance check ${quoted(module)} --case ${quoted(id)} --verbose`;
}

export function describeFailures({ id }: Case, failures: readonly Failure[], module: string): string {
  return [
    `${id}: ${failures.length === 1 ? "1 failure" : `${failures.length} failures`}`,
    ...failures.map(({ message }) => `  ${message}`),
    `  reproduce: ${reproduceCommand(id, module)}`,
  ].join("\n");
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
