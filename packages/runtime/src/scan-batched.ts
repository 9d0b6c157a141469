/**
 * Scan of opset 8: states and scan inputs have a batch axis in front, and each sequence of the batch may have a length of
 * its own. The sequences are scanned one after the other.
 */
import { getGraph, getInt, getInts, makeAttribute } from "@bitbudget/onnx";
import type { Call } from "./body.ts";
import type { Lowering } from "./operator.ts";
import { nameOutputs, planRounds, sliceAt } from "./scan-rounds.ts";
import { stack } from "./stack.ts";
import type { Value } from "./values.ts";

/** Results of the sequences so far. */
interface Sequences {
  readonly states: readonly (readonly Value[])[];
  readonly scans: readonly (readonly Value[])[];
}

export function planBatchedScan(call: Call): void {
  const { node, lowering } = call;
  const body = getGraph(node, "body");
  // Input 0 is the lengths.
  const stateCount = node.input.length - 1 - getInt(node, "num_scan_inputs");
  const states = node.input.slice(1, 1 + stateCount).map((_, i) => lowering.input(1 + i));
  const sources = node.input.slice(1 + stateCount).map((_, i) => lowering.input(1 + stateCount + i));
  const [batch = 0, longest = 0] = sources[0]?.type.shape ?? lowering.fail("has nothing to scan");
  const lengths = lowering.has(0) ? lowering.integers(0) : new Array<number>(batch).fill(longest);
  if (lengths.length !== batch || lengths.some((length) => length < 0 || length > longest))
    lowering.fail(`cannot scan ${lengths.join(", ")} of ${batch} sequences of ${longest}`);
  const directions = getInts(node, "directions", []);

  const planSequence = (at: Call, sequence: number, done: Sequences): void => {
    if (sequence === batch) {
      const last = states.map((_, i) =>
        stack(
          at.lowering,
          done.states.map((each) => each[i]!),
          0,
          body.output[i],
        ),
      );
      const scans = body.output.slice(stateCount).map((info, i) =>
        stack(
          at.lowering,
          done.scans.map((each) => each[i]!),
          0,
          info,
        ),
      );
      nameOutputs(at, [...last, ...scans]);
      return;
    }
    const own = states.map((state) => sliceAt(at.lowering, state, 0, sequence));
    planRounds(at, own, {
      length: lengths[sequence]!,
      sources: sources.map((value, i) => ({
        value: sliceAt(at.lowering, value, 0, sequence),
        axis: 0,
        backward: directions[i] === 1,
      })),
      held: [...states, ...sources, ...done.states.flat(), ...done.scans.flat()],
      finish(after, final, collected) {
        const scans = collected.map((values, i) =>
          padded(after.lowering, stack(after.lowering, values, 0, body.output[stateCount + i]), longest),
        );
        planSequence(after, sequence + 1, {
          states: [...done.states, final],
          scans: [...done.scans, scans],
        });
      },
    });
  };
  planSequence(call, 0, { states: [], scans: [] });
}

/** Zeros after the end of a shorter sequence. */
function padded(lowering: Lowering, sequence: Value, length: number): Value {
  const { shape } = sequence.type;
  const pads = new Array<bigint>(2 * shape.length).fill(0n);
  pads[shape.length] = BigInt(length - (shape[0] ?? 0));
  const data = lowering.known({ dtype: "int64", shape: [pads.length], data: BigInt64Array.from(pads) });
  const [result] = lowering.operator("Pad", [sequence, data], [makeAttribute("mode", "constant")]);
  return result ?? lowering.fail("could not pad its results");
}
