/** Loop: the nodes of its body, once for each round (ONNX Loop). */
import { tensor } from "@bitbudget/core";
import { getGraph } from "@bitbudget/onnx";
import { type Call, enterBody } from "./body.ts";
import type { Task } from "./planner.ts";
import { stack } from "./stack.ts";
import type { Value } from "./values.ts";

/** What goes from round to round. */
interface Round {
  readonly index: number;
  readonly condition: Value | undefined;
  readonly carried: readonly Value[];
  /** Values of the scan outputs, one list for each, one entry for each round. */
  readonly collected: readonly (readonly Value[])[];
}

export function planLoop(call: Call): void {
  const { node, inputs, lowering } = call;
  const limit = lowering.has(0) ? lowering.scalar(0) : Number.POSITIVE_INFINITY;
  const body = getGraph(node, "body");
  const carried = node.input.slice(2).map((_, i) => lowering.input(i + 2));
  const collected = body.output.slice(1 + carried.length).map(() => []);
  planRound(call, limit, { index: 0, condition: inputs[1], carried, collected });
}

function planRound(call: Call, limit: number, round: Round): void {
  const { node, scope, planner, lowering } = call;
  const { index, condition, carried, collected } = round;
  const goesOn = index < limit && (condition === undefined || lowering.truth(condition));
  if (!goesOn) {
    finish(call, round);
    return;
  }

  const body = getGraph(node, "body");
  const { inner, tasks } = enterBody(body, scope, planner);
  const count = lowering.known(tensor("int64", [], [index]));
  const entering = [count, condition ?? lowering.known(tensor("bool", [], [1])), ...carried];
  for (const [i, { name }] of body.input.entries()) {
    const value = entering[i];
    if (value !== undefined) planner.environment.set(inner, name, value);
  }
  const names = body.output.map(({ name }) => name);
  const next: Task = {
    // The carried values live in the body's scope by now; what was collected has no name and lives by this list.
    uses: names.map((name) => [inner, name] as const),
    values: collected.flat(),
    plan(at) {
      const results = names.map((name) => at.lookup(inner, name, node));
      planRound({ ...call, planner: at, lowering: lowering.in(at) }, limit, {
        index: index + 1,
        condition: results[0],
        carried: results.slice(1, 1 + carried.length),
        collected: collected.map((values, i) => [
          ...values,
          ...results.slice(1 + carried.length + i).slice(0, 1),
        ]),
      });
    },
  };
  planner.next(...tasks, next);
}

function finish({ node, scope, planner, lowering }: Call, { carried, collected }: Round): void {
  const body = getGraph(node, "body");
  const scans = collected.map((values, i) => stack(lowering, values, 0, body.output[1 + carried.length + i]));
  for (const [i, value] of [...carried, ...scans].entries()) {
    const name = node.output[i];
    if (name !== undefined && name !== "") planner.environment.set(scope, name, value);
  }
}
