/** Scan: the nodes of its body, once for each slice of its scan inputs (ONNX Scan). */
import { getGraph, getInt, getInts } from "@bitbudget/onnx";
import type { Call } from "./body.ts";
import { planBatchedScan } from "./scan-batched.ts";
import { nameOutputs, planRounds } from "./scan-rounds.ts";
import { stack } from "./stack.ts";

export function planScan(call: Call): void {
  const { node, lowering } = call;
  if (lowering.opset < 9) {
    planBatchedScan(call);
    return;
  }
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
  const lengths = new Set(sources.map(({ value, axis }) => value.type.shape[axis] ?? 0));
  const [length = 0] = lengths;
  if (lengths.size > 1) lowering.fail(`scans inputs of different lengths: ${[...lengths].join(", ")}`);
  const outputAxes = getInts(node, "scan_output_axes", []);
  const outputDirections = getInts(node, "scan_output_directions", []);
  const states = node.input.slice(0, stateCount).map((_, i) => lowering.input(i));
  planRounds(call, states, {
    length,
    sources,
    held: [],
    finish(at, last, collected) {
      const scans = collected.map((values, i) => {
        const ordered = outputDirections[i] === 1 ? values.toReversed() : values;
        return stack(at.lowering, ordered, outputAxes[i] ?? 0, body.output[stateCount + i]);
      });
      nameOutputs(at, [...last, ...scans]);
    },
  });
}
