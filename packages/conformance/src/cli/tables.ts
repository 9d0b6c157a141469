/** `support` and `time`: what backends run, and how fast. */
import type { Backend } from "@bitbudget/backend";
import type { Case } from "../case.ts";
import { supportMatrix } from "../support.ts";
import { type TimeResult, timeCase } from "../timing.ts";
import type { Output } from "./main.ts";

export async function support(opens: readonly (() => Promise<Backend>)[]): Promise<string> {
  const backends = await Promise.all(opens.map((open) => open()));
  try {
    return supportMatrix(backends);
  } finally {
    for (const backend of backends) await backend.dispose();
  }
}

export interface TimeOptions {
  readonly samples: number;
  readonly json: boolean;
  readonly output: Output;
}

/** Prints a line for each case as soon as it is timed. Resolves to the exit code. */
export async function time(
  open: () => Promise<Backend>,
  cases: readonly Case[],
  { samples, json, output }: TimeOptions,
): Promise<number> {
  await using backend = await open();
  const results: TimeResult[] = [];
  const width = Math.max(...cases.map(({ id }) => id.length));
  if (!json) {
    output.out(`${backend.name}: ${backend.device.description}`);
    output.out(
      `${"".padEnd(width)} ${["median ms", "GMAC/s", "GB/s"].map((head) => head.padStart(10)).join("")}`,
    );
  }
  for (const testCase of cases) {
    const result = await timeCase(backend, testCase, { samples });
    results.push(result);
    if (!json) output.out(`${testCase.id.padEnd(width)} ${describeTime(result)}`);
  }
  if (json) output.out(JSON.stringify({ backend: backend.name, device: backend.device, results }));
  return 0;
}

function describeTime(result: TimeResult): string {
  if (result.status !== "timed") return ` ${result.status}: ${result.reason}`;
  const { medianMs, gmacPerSecond, gbPerSecond, arithmetic } = result;
  const figures = [medianMs.toFixed(3), gmacPerSecond.toFixed(2), gbPerSecond.toFixed(2)];
  return `${figures.map((figure) => figure.padStart(10)).join("")}  ${arithmetic}`;
}
