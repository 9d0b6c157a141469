/** `check`: runs cases on a backend and prints what is wrong. */
import { type Backend, specKey } from "@bitbudget/backend";
import { elementCount, type HostTensor } from "@bitbudget/core";
import type { Case } from "../case.ts";
import { elementsOf } from "../compare.ts";
import { contractChecks } from "../contract/index.ts";
import { describeFailures } from "../report.ts";
import { type CaseRun, runCaseInFull } from "../run-case.ts";
import type { Output } from "./main.ts";

export interface CheckOptions {
  readonly output: Output;
  /** Whether the promises that are no matter of numbers are checked, too. */
  readonly contract: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

/** Resolves to the exit code. */
export async function check(
  open: () => Promise<Backend>,
  module: string,
  cases: readonly Case[],
  { output, contract, verbose, json }: CheckOptions,
): Promise<number> {
  const broken = [];
  for (const promise of contract ? contractChecks : []) {
    const problems = await promise.run(open);
    if (problems.length > 0) broken.push({ name: promise.name, problems });
  }
  await using backend = await open();
  const passed: string[] = [];
  const refused: { readonly id: string; readonly reason: string }[] = [];
  const failed: { readonly id: string; readonly failures: readonly unknown[]; readonly text: string }[] = [];
  for (const testCase of cases) {
    const { id } = testCase;
    const run = await runCaseInFull(backend, testCase);
    if (verbose && !json) output.out(describeRun(testCase, run));
    const { result } = run;
    if (result.status === "passed") passed.push(id);
    else if (result.status === "refused") refused.push({ id, reason: result.reason });
    else
      failed.push({
        id,
        failures: result.failures,
        text: describeFailures(testCase, result.failures, module),
      });
  }
  if (json) {
    output.out(
      JSON.stringify(
        { backend: backend.name, device: backend.device, broken, passed, refused, failed },
        numbers,
      ),
    );
  } else {
    output.out(`${backend.name}: ${backend.device.description}`);
    for (const { name, problems } of broken) output.out(`contract, ${name}:\n  ${problems.join("\n  ")}`);
    for (const { text } of failed) output.out(text);
    for (const reason of new Set(refused.map((refusal) => refusal.reason))) {
      const ids = refused.filter((refusal) => refusal.reason === reason).map(({ id }) => id);
      output.out(`refuses ${ids.length} cases, such as ${ids[0]}: ${reason}`);
    }
    if (contract)
      output.out(`contract: ${contractChecks.length - broken.length} kept, ${broken.length} broken`);
    output.out(`cases: ${passed.length} passed, ${refused.length} refused, ${failed.length} failed`);
  }
  return broken.length + failed.length === 0 ? 0 : 1;
}

/** Numbers that JSON does not have, as text. */
function numbers(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function describeRun({ id, spec }: Case, { problem, actual, expected, result }: CaseRun): string {
  return [
    `${id}: ${result.status}`,
    `  spec ${specKey(spec)}`,
    ...problem.inputs.map((tensor, i) => `  inputs[${i}] ${describeTensor(tensor)}`),
    ...Object.entries(problem.weights).map(([role, tensor]) => `  weights.${role} ${describeTensor(tensor)}`),
    ...expected.map((tensor, i) => `  expected[${i}] ${describeTensor(tensor)}`),
    ...actual.map((tensor, i) => `  actual[${i}] ${describeTensor(tensor)}`),
  ].join("\n");
}

const SHOWN = 256;

function describeTensor(tensor: HostTensor): string {
  const { dtype, shape } = tensor;
  const elements = Array.from(elementsOf(tensor)).slice(0, SHOWN);
  const more = elementCount(shape) - elements.length;
  const text = elements.map((element) => (Object.is(element, -0) ? "-0" : String(element))).join(" ");
  return `${dtype} [${shape.join(", ")}]: ${text}${more > 0 ? ` and ${more} more` : ""}`;
}
