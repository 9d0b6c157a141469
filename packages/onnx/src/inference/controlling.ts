/** If, Loop and Scan: what goes in and out of their subgraphs. */
import * as dims from "./dim.ts";
import type { Rule, Rules } from "./op.ts";
import { tensor, union, type Value } from "./value.ts";

/** What both branches have in common. A condition that is known leaves one branch. */
const ifElse: Rule = (op) => {
  const condition = op.data(0)?.[0];
  if (condition === 1) return op.inferSubgraph(op.graph("then_branch"), []);
  if (condition === 0) return op.inferSubgraph(op.graph("else_branch"), []);
  const yes = op.inferSubgraph(op.graph("then_branch"), []);
  const no = op.inferSubgraph(op.graph("else_branch"), []);
  return op.node.output.map((_, i) => union(yes[i], no[i]));
};

/** Body inputs: iteration, condition, carried values; outputs: condition, carried values, slices to stack. */
const loop: Rule = (op) => {
  const body = op.graph("body");
  const initial = op.node.input.slice(2).map((_, i) => op.input(i + 2));
  // Whenever the body runs, its condition was true.
  const running = tensor("bool", [], [1]);
  let endless = false;
  const { states, rest } = carriedThrough(initial, (values) => {
    const [condition, ...outputs] = op.inferSubgraph(body, [tensor("int64", []), running, ...values]);
    endless = condition?.data?.[0] === 1;
    return outputs;
  });
  // Only a loop that nothing but its count ends runs that often.
  const started = !op.has(1) || op.data(1)?.[0] === 1;
  const count = endless && started && op.has(0) ? dims.maximum(op.data(0)?.[0], 0) : undefined;
  return [...states, ...rest.map(({ dtype, shape }) => tensor(dtype, shape && [count, ...shape]))];
};

interface Carried {
  readonly states: readonly Value[];
  readonly rest: readonly Value[];
}

/** Turns after which states that still change are given up. Each turn can only forget, so few change for long. */
const MOST_TURNS = 4;

/** States that go around, reduced to what holds after every turn; and the other outputs of a turn. */
function carriedThrough(
  initial: readonly Value[],
  run: (states: readonly Value[]) => readonly Value[],
): Carried {
  let states = initial.map(withoutData);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const outputs = run(states);
    const next = states.map((state, i) => union(state, outputs[i]));
    if (next.every((value, i) => sameType(value, states[i]!)))
      return { states, rest: outputs.slice(states.length) };
    states = next;
  }
  states = states.map(({ dtype }) => ({ dtype }));
  return { states, rest: run(states).slice(states.length) };
}

function sameType(a: Value, b: Value): boolean {
  if (a.sequenceOf !== undefined && b.sequenceOf !== undefined) return sameType(a.sequenceOf, b.sequenceOf);
  if (a.optionalOf !== undefined && b.optionalOf !== undefined) return sameType(a.optionalOf, b.optionalOf);
  if (a.dtype !== b.dtype || a.shape?.length !== b.shape?.length) return false;
  return a.shape?.every((dim, i) => dim === b.shape?.[i] || dims.same(dim, b.shape?.[i])) ?? true;
}

/** Contents change from turn to turn. */
function withoutData({ dtype, shape, sequenceOf, optionalOf }: Value): Value {
  return { dtype, shape, sequenceOf, optionalOf };
}

/** States go around, slices of the other inputs come in, and slices of the outputs are stacked. */
const scan: Rule = (op) => {
  // Version 8 had a batch axis and lengths before the states.
  const batched = op.version < 9;
  const inputs = op.node.input.slice(batched ? 1 : 0).map((_, i) => op.input(i + (batched ? 1 : 0)));
  const scanned = op.int("num_scan_inputs");
  const states = inputs.slice(0, inputs.length - scanned);
  const slices = inputs.slice(inputs.length - scanned);
  const inputAxes = batched
    ? slices.map(() => 1)
    : op.ints(
        "scan_input_axes",
        slices.map(() => 0),
      );
  const length = slices.map(({ shape }, i) => shape?.at(inputAxes[i] ?? 0)).find((dim) => dim !== undefined);
  const element = ({ dtype, shape }: Value, axis: number): Value => {
    if (shape === undefined) return tensor(dtype, undefined);
    const gone = op.axis(axis, shape.length);
    return tensor(
      dtype,
      shape.filter((_, i) => i !== gone && !(batched && i === 0)),
    );
  };
  const perBatch = ({ dtype, shape }: Value): Value => tensor(dtype, batched ? shape?.slice(1) : shape);
  const insides = slices.map((slice, i) => element(slice, inputAxes[i] ?? 0));
  const carried = carriedThrough(states.map(perBatch), (values) =>
    op.inferSubgraph(op.graph("body"), [...values, ...insides]),
  );
  const outputAxes = batched
    ? carried.rest.map(() => 0)
    : op.ints(
        "scan_output_axes",
        carried.rest.map(() => 0),
      );
  const batch = batched ? [inputs[0]?.shape?.[0]] : [];
  return [
    ...carried.states.map(({ dtype, shape }) => tensor(dtype, shape && [...batch, ...shape])),
    ...carried.rest.map(({ dtype, shape }, i) => {
      if (shape === undefined) return tensor(dtype, undefined);
      const axis = op.axis(outputAxes[i] ?? 0, shape.length + 1);
      return tensor(dtype, [...batch, ...shape.slice(0, axis), length, ...shape.slice(axis)]);
    }),
  ];
};

export const controllingRules: Rules = { If: ifElse, Loop: loop, Scan: scan };
