/** The rounds of a Scan: its body, once for each slice of the scan inputs. */
import { tensor } from "@bitbudget/core";
import { getGraph, makeAttribute } from "@bitbudget/onnx";
import { type Call, enterBody } from "./body.ts";
import type { Lowering } from "./operator.ts";
import type { Task } from "./planner.ts";
import type { Value } from "./values.ts";

/** What a body is run over, and what becomes of its results. */
export interface Scanning {
  /** Rounds. */
  readonly length: number;
  readonly sources: readonly { readonly value: Value; readonly axis: number; readonly backward: boolean }[];
  /** Further values that are needed once the rounds are over. */
  readonly held: readonly Value[];
  /** @param collected what each round gave, one list for each scan output */
  finish(call: Call, states: readonly Value[], collected: readonly (readonly Value[])[]): void;
}

/** Runs the body once for each slice of the sources, with states that go from round to round. */
export function planRounds(call: Call, states: readonly Value[], scanning: Scanning): void {
  const outputs = getGraph(call.node, "body").output.length - states.length;
  planRound(call, scanning, 0, states, new Array<readonly Value[]>(outputs).fill([]));
}

function planRound(
  call: Call,
  scanning: Scanning,
  index: number,
  states: readonly Value[],
  collected: readonly (readonly Value[])[],
): void {
  const { node, scope, planner, lowering } = call;
  const { length, sources, held } = scanning;
  if (index === length) {
    scanning.finish(call, states, collected);
    return;
  }

  const body = getGraph(node, "body");
  const slices = sources.map(({ value, axis, backward }) =>
    sliceAt(lowering, value, axis, backward ? length - 1 - index : index),
  );
  const { inner, tasks } = enterBody(body, scope, planner);
  for (const [i, value] of [...states, ...slices].entries()) {
    const name = body.input[i]?.name;
    if (name !== undefined) planner.environment.set(inner, name, value);
  }
  const names = body.output.map(({ name }) => name);
  const next: Task = {
    uses: names.map((name) => [inner, name] as const),
    values: [...collected.flat(), ...sources.map(({ value }) => value), ...held],
    plan(at) {
      const results = names.map((name) => at.lookup(inner, name, node));
      planRound(
        { ...call, planner: at, lowering: lowering.in(at) },
        scanning,
        index + 1,
        results.slice(0, states.length),
        collected.map((values, i) => [...values, ...results.slice(states.length + i).slice(0, 1)]),
      );
    },
  };
  planner.next(...tasks, next);
}

/** One position of an axis, without that axis. */
export function sliceAt(lowering: Lowering, value: Value, axis: number, position: number): Value {
  const index = lowering.known(tensor("int64", [], [position]));
  const [slice] = lowering.operator("Gather", [value, index], [makeAttribute("axis", BigInt(axis))]);
  return slice ?? lowering.fail("could not slice its input");
}

/** Gives the node's outputs their values. */
export function nameOutputs({ node, scope, planner }: Call, values: readonly Value[]): void {
  for (const [i, value] of values.entries()) {
    const name = node.output[i];
    if (name !== undefined && name !== "") planner.environment.set(scope, name, value);
  }
}
