/** Scan: the nodes of its body, once for each slice of its scan inputs (ONNX Scan, opset 9 and later). */
import { tensor } from "@bitbudget/core";
import { getGraph, getInt, getInts, makeAttribute } from "@bitbudget/onnx";
import { type Call, enterBody } from "./body.ts";
import type { Task } from "./planner.ts";
import { stack } from "./stack.ts";
import type { Value } from "./values.ts";

interface Round {
  readonly index: number;
  readonly states: readonly Value[];
  readonly collected: readonly (readonly Value[])[];
}

interface Geometry {
  readonly length: number;
  readonly sources: readonly { readonly value: Value; readonly axis: number; readonly backward: boolean }[];
  readonly outputs: readonly { readonly axis: number; readonly backward: boolean }[];
}

export function planScan(call: Call): void {
  const { node, lowering } = call;
  if (lowering.opset < 9)
    lowering.fail("means the Scan of opset 8, with batches; convert the model to opset 9 or later");
  const body = getGraph(node, "body");
  const scanned = getInt(node, "num_scan_inputs");
  const stateCount = node.input.length - scanned;
  const axes = getInts(node, "scan_input_axes", []);
  const directions = getInts(node, "scan_input_directions", []);
  const sources = node.input.slice(stateCount).map((_, i) => {
    const value = lowering.input(stateCount + i);
    const axis = axes[i] ?? 0;
    return { value, axis: axis < 0 ? axis + value.type.shape.length : axis, backward: directions[i] === 1 };
  });
  const outputAxes = getInts(node, "scan_output_axes", []);
  const outputDirections = getInts(node, "scan_output_directions", []);
  const outputs = body.output
    .slice(stateCount)
    .map((_, i) => ({ axis: outputAxes[i] ?? 0, backward: outputDirections[i] === 1 }));
  const lengths = new Set(sources.map(({ value, axis }) => value.type.shape[axis] ?? 0));
  const [length = 0] = lengths;
  if (lengths.size > 1) lowering.fail(`scans inputs of different lengths: ${[...lengths].join(", ")}`);
  const states = node.input.slice(0, stateCount).map((_, i) => lowering.input(i));
  planRound(call, { length, sources, outputs }, { index: 0, states, collected: outputs.map(() => []) });
}

function planRound(call: Call, geometry: Geometry, round: Round): void {
  const { node, scope, planner, lowering } = call;
  const { index, states, collected } = round;
  if (index === geometry.length) {
    finish(call, geometry, round);
    return;
  }

  const body = getGraph(node, "body");
  const slices = geometry.sources.map(({ value, axis, backward }) => {
    const position = lowering.known(tensor("int64", [], [backward ? geometry.length - 1 - index : index]));
    const [slice] = lowering.operator("Gather", [value, position], [makeAttribute("axis", BigInt(axis))]);
    return slice ?? lowering.fail("could not slice its input");
  });
  const { inner, tasks } = enterBody(body, scope, planner);
  for (const [i, value] of [...states, ...slices].entries()) {
    const name = body.input[i]?.name;
    if (name !== undefined) planner.environment.set(inner, name, value);
  }
  const names = body.output.map(({ name }) => name);
  const next: Task = {
    uses: names.map((name) => [inner, name] as const),
    values: [...collected.flat(), ...geometry.sources.map(({ value }) => value)],
    plan(at) {
      const results = names.map((name) => at.lookup(inner, name, node));
      planRound({ ...call, planner: at, lowering: lowering.in(at) }, geometry, {
        index: index + 1,
        states: results.slice(0, states.length),
        collected: collected.map((values, i) => [...values, ...results.slice(states.length + i).slice(0, 1)]),
      });
    },
  };
  planner.next(...tasks, next);
}

function finish(
  { node, scope, planner, lowering }: Call,
  geometry: Geometry,
  { states, collected }: Round,
): void {
  const body = getGraph(node, "body");
  const scans = collected.map((values, i) => {
    const { axis = 0, backward = false } = geometry.outputs[i] ?? {};
    return stack(lowering, backward ? values.toReversed() : values, axis, body.output[states.length + i]);
  });
  for (const [i, value] of [...states, ...scans].entries()) {
    const name = node.output[i];
    if (name !== undefined && name !== "") planner.environment.set(scope, name, value);
  }
}
