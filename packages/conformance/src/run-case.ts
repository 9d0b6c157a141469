/**
 * Runs one case on one backend, through the public contract alone, and says everything that is wrong with it.
 *
 * The kernel runs twice, in memory with different patterns and at different offsets, so that stray writes, elements that
 * were never written, offsets that were ignored and results that do not repeat all show.
 */
import {
  type AnySpec,
  type Arithmetic,
  type Backend,
  definitionOf,
  describeOperands,
  findCapability,
  type Kernel,
  type WeightName,
} from "@bitbudget/backend";
import { dtypes, elementCount, type HostTensor, type TensorType, tensor } from "@bitbudget/core";
import { type Case, makeTensors } from "./case.ts";
import { bitsOf, compare, describeComparison, type Mismatch, positionOf } from "./compare.ts";
import { bytesOf, type Guarded, guard, type Inspection, inspect, PATTERNS } from "./guarded.ts";
import { magnitudeOf } from "./magnitude.ts";
import { type Problem, solve } from "./oracle.ts";
import { exactTensor } from "./recipe.ts";

export type FailureKind =
  | "mismatch"
  | "stray write"
  | "unwritten element"
  | "unused bits"
  | "not repeatable"
  | "input changed"
  | "capability"
  | "refusal"
  | "error";

export interface Failure {
  readonly kind: FailureKind;
  /** What is wrong and where, for people. */
  readonly message: string;
  /** Of a mismatch: place, values, bits and distance of the first element that differs. */
  readonly mismatch?: Mismatch;
  /** Of an unwritten element: its flat index. Of a stray write: bytes from the start of the output. */
  readonly index?: number;
  readonly byteOffset?: number;
}

export type CaseResult =
  /** `worst`: largest fraction of its allowance that any element used. */
  | { readonly status: "passed"; readonly arithmetic: Arithmetic; readonly worst: number }
  | { readonly status: "refused"; readonly reason: string }
  | { readonly status: "failed"; readonly failures: readonly Failure[] };

/** Everything that `check --verbose` prints. */
export interface CaseRun {
  readonly result: CaseResult;
  readonly problem: Problem;
  readonly actual: readonly HostTensor[];
  readonly expected: readonly HostTensor[];
}

/** Runs a case. */
export async function runCase(backend: Backend, testCase: Case): Promise<CaseResult> {
  return (await runCaseInFull(backend, testCase)).result;
}

/** Runs a case and keeps its tensors. */
export async function runCaseInFull(backend: Backend, testCase: Case): Promise<CaseRun> {
  const problem: Problem = { spec: testCase.spec, ...makeTensors(testCase) };
  const failures: Failure[] = [];
  const stop = (result: CaseResult): CaseRun => ({ result, problem, actual: [], expected: [] });
  try {
    const support = backend.supports(testCase.spec);
    if (!support.supported) {
      if (support.reason.trim() !== "") return stop({ status: "refused", reason: support.reason });
      return stop({
        status: "failed",
        failures: [{ kind: "refusal", message: "was refused without a reason" }],
      });
    }
    using kernel = await prepare(backend, problem);
    failures.push(...capabilityFailures(backend, testCase.spec, support.arithmetic, kernel.arithmetic));
    const first = await dispatch(backend, kernel, problem, 0);
    const second = await dispatch(backend, kernel, problem, 1);
    failures.push(...first.failures, ...second.failures, ...differences(first.outputs, second.outputs));
    const actual = first.outputs.map(({ value }) => value);
    const expected = await expectedOf(testCase, problem);
    const { worst, mismatches } = await compareAll(problem, actual, expected);
    failures.push(...mismatches);
    const result: CaseResult =
      failures.length === 0
        ? { status: "passed", arithmetic: support.arithmetic, worst }
        : { status: "failed", failures: firstOfEachKind(failures) };
    return { result, problem, actual, expected };
  } catch (error) {
    return stop({ status: "failed", failures: [...failures, { kind: "error", message: `threw ${error}` }] });
  }
}

/** What was worked out by hand, else what the oracle says. */
async function expectedOf({ expected, spec }: Case, problem: Problem): Promise<readonly HostTensor[]> {
  if (expected === undefined) return solve(problem);
  return definitionOf<AnySpec["op"]>(spec)
    .outputs(spec)
    .map((type, i) => exactTensor(type, expected[i] ?? []));
}

/** Hands over weights that are overwritten right after: a kernel owns what it keeps. */
async function prepare(backend: Backend, { spec, weights }: Problem): Promise<Kernel> {
  const lent: { [W in WeightName]?: HostTensor } = {};
  for (const role of Object.keys(weights) as WeightName[]) {
    const weight = weights[role];
    if (weight !== undefined) lent[role] = { ...weight, data: weight.data.slice() };
  }
  const kernel = await backend.prepare<AnySpec["op"]>(spec, lent);
  for (const weight of Object.values(lent)) bytesOf(weight).fill(PATTERNS[0]);
  return kernel;
}

/** A yes needs a row that covers the spec, and all three say the same about the arithmetic. */
function capabilityFailures(
  backend: Backend,
  spec: AnySpec,
  claimed: Arithmetic,
  prepared: Arithmetic,
): Failure[] {
  const operands = definitionOf<AnySpec["op"]>(spec).operands(spec);
  const row = findCapability(backend.capabilities, spec.op, operands);
  const failures: Failure[] = [];
  const subject = `${spec.op} ${describeOperands(operands)}`;
  if (row === undefined)
    failures.push({
      kind: "capability",
      message: `supports says ${claimed} to ${subject}, which no row of capabilities covers`,
    });
  else if (row.arithmetic !== claimed)
    failures.push({
      kind: "capability",
      message: `supports says ${claimed} to ${subject}, its row ${row.arithmetic}`,
    });
  if (prepared !== claimed)
    failures.push({
      kind: "capability",
      message: `supports says ${claimed} to ${subject}, the kernel ${prepared}`,
    });
  return failures;
}

interface Dispatched {
  readonly outputs: readonly Inspection[];
  readonly failures: readonly Failure[];
}

/** One run in guarded memory; the offsets of inputs and outputs differ from round to round. */
async function dispatch(
  backend: Backend,
  kernel: Kernel,
  { inputs }: Problem,
  round: 0 | 1,
): Promise<Dispatched> {
  const pattern = PATTERNS[round];
  const from = inputs.map((input) => guard(backend, input, pattern, round, input));
  const to = kernel.outputs.map((type) => guard(backend, type, pattern, 2 - round));
  try {
    backend.dispatch(
      kernel,
      from.map(({ tensor }) => tensor),
      to.map(({ tensor }) => tensor),
    );
    const outputs = await Promise.all(to.map((guarded) => inspect(backend, guarded)));
    const after = await Promise.all(from.map((guarded) => inspect(backend, guarded)));
    return {
      outputs,
      failures: [
        ...outputs.flatMap(({ value, stray }, i) => [
          ...strayFailure(`output ${i}`, value, stray),
          ...unusedBits(`output ${i}`, value),
        ]),
        ...after.flatMap(({ value, stray }, i) => [
          ...strayFailure(`input ${i}`, value, stray),
          ...inputFailure(i, inputs[i] ?? value, value),
        ]),
      ],
    };
  } finally {
    release([...from, ...to]);
  }
}

function release(guarded: readonly Guarded[]): void {
  for (const { tensor, whole } of guarded) {
    tensor.dispose();
    whole.dispose();
  }
}

function strayFailure(what: string, { data }: HostTensor, stray: Inspection["stray"]): Failure[] {
  if (stray === undefined) return [];
  const { offset, value } = stray;
  const where = offset < 0 ? `${-offset} bytes before` : `${offset - data.byteLength} bytes after the end of`;
  const message = `stray write of ${hex(value)} ${where} ${what} (byte offset ${offset})`;
  return [{ kind: "stray write", message, byteOffset: offset }];
}

/** Bits of the last byte that no element uses are zero, as in ONNX's packed tensors. */
function unusedBits(what: string, { dtype, shape, data }: HostTensor): Failure[] {
  const used = (elementCount(shape) * dtypes[dtype].bits) % 8;
  const last = bytesOf({ dtype, shape, data }).at(-1) ?? 0;
  if (used === 0 || last >> used === 0) return [];
  return [
    {
      kind: "unused bits",
      message: `the last byte of ${what} is ${hex(last)}: its upper ${8 - used} bits must be 0`,
    },
  ];
}

function inputFailure(i: number, before: HostTensor, after: HostTensor): Failure[] {
  const bytes = bytesOf(after);
  const at = bytesOf(before).findIndex((byte, k) => byte !== bytes[k]);
  if (at === -1) return [];
  const message = `input ${i} was changed by the kernel, first at byte ${at} (now ${hex(bytes[at] ?? 0)})`;
  return [{ kind: "input changed", message, byteOffset: at }];
}

/** Elements that show the pattern of their memory in both runs were never written; others must be the same twice. */
function differences(first: readonly Inspection[], second: readonly Inspection[]): Failure[] {
  return first.flatMap(({ value: a }, output): Failure[] => {
    const b = second[output]?.value;
    if (b === undefined) return [];
    const count = elementCount(a.shape);
    const [blankA, blankB] = [filled(a, PATTERNS[0]), filled(a, PATTERNS[1])];
    for (let i = 0; i < count; i++) {
      const [x, y] = [bitsOf(a, i), bitsOf(b, i)];
      if (x === y) continue;
      const where = `output ${output} at index ${i} [${positionOf(i, a.shape).join(", ")}]`;
      if (x === bitsOf(blankA, i) && y === bitsOf(blankB, i))
        return [{ kind: "unwritten element", message: `${where} was never written`, index: i }];
      const message = `${where} is ${x} in one run and ${y} in the next; memory, offset or order must not matter`;
      return [{ kind: "not repeatable", message, index: i }];
    }
    return [];
  });
}

function filled({ dtype, shape }: TensorType, pattern: number): HostTensor {
  const blank = tensor(dtype, shape);
  bytesOf(blank).fill(pattern);
  return blank;
}

async function compareAll(problem: Problem, actual: readonly HostTensor[], expected: readonly HostTensor[]) {
  const tolerance = definitionOf<AnySpec["op"]>(problem.spec).tolerance(problem.spec);
  const mismatches: Failure[] = [];
  let worst = 0;
  for (const [output, right] of expected.entries()) {
    const value = actual[output];
    if (value === undefined) continue;
    let comparison = compare(value, right, tolerance);
    // Against the magnitude only where results alone do not do: it takes another run of the oracle.
    if (comparison.worst > 0 && tolerance.of === "magnitude")
      comparison = compare(value, right, tolerance, await magnitudeOf(problem, output));
    worst = Math.max(worst, comparison.worst);
    const { first } = comparison;
    if (first === undefined) continue;
    const isFloat = dtypes[right.dtype].kind === "float";
    const message = `output ${output} at ${describeComparison(comparison, isFloat)}`;
    mismatches.push({ kind: "mismatch", message, mismatch: first, index: first.index });
  }
  return { worst, mismatches };
}

/** Both runs tend to fail alike: once is enough. */
function firstOfEachKind(failures: readonly Failure[]): Failure[] {
  return failures.filter(({ kind }, i) => failures.findIndex((other) => other.kind === kind) === i);
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
