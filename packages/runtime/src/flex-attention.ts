/** FlexAttention (ai.onnx.preview): attention with graphs of the model between its steps. */
import { findAttribute, getFloat, getGraph } from "@bitbudget/onnx";
import { type Call, enterBody } from "./body.ts";
import { softmaxPrecision } from "./operators/attention.ts";
import { attentionScores, attentionSoftmax, multiplyHeads, widened } from "./operators/attention-core.ts";
import { cast } from "./operators/moves.ts";
import type { Task } from "./planner.ts";
import type { Value } from "./values.ts";

export function planFlexAttention(call: Call): void {
  const { node, lowering } = call;
  const [q, k, v] = [lowering.input(0), lowering.input(1), lowering.input(2)];
  for (const { type } of [q, k, v])
    if (type.shape.length !== 4)
      lowering.fail(`has an input of shape [${type.shape.join(", ")}], needs four dimensions`);
  const [size = 0] = q.type.shape.slice(-1);
  const wide = widened(lowering, q);
  const precision = softmaxPrecision(lowering, wide.type.dtype);
  const scale = getFloat(node, "scale", 1 / Math.sqrt(size));
  const products = attentionScores(lowering, wide, widened(lowering, k), scale);
  const scores = cast(lowering, products, precision);

  through(call, "score_mod", scores, (afterScores, modified) => {
    const probabilities = attentionSoftmax(afterScores.lowering, modified, {});
    through(afterScores, "prob_mod", probabilities, ({ scope, planner, lowering: last }, weights) => {
      const y = multiplyHeads(last, weights, cast(last, v, precision));
      const [name = ""] = node.output;
      planner.environment.set(scope, name, cast(last, y, v.type.dtype));
    });
  });
}

/** Sends a value through the graph of an attribute, if there is one, and goes on with what comes out. */
function through(
  call: Call,
  attribute: string,
  value: Value,
  goOn: (call: Call, value: Value) => void,
): void {
  const { node, scope, planner, lowering, inputs } = call;
  if (findAttribute(node, attribute) === undefined) {
    goOn(call, value);
    return;
  }
  const body = getGraph(node, attribute);
  const parameter = body.input[0]?.name ?? lowering.fail(`${attribute} must have an input`);
  const result = body.output[0]?.name ?? lowering.fail(`${attribute} must have an output`);
  const { inner, tasks } = enterBody(body, scope, planner);
  planner.environment.set(inner, parameter, value);
  const next: Task = {
    uses: [[inner, result]],
    values: inputs.filter((input) => input !== undefined),
    plan(at) {
      const modified = at.lookup(inner, result, node);
      if (modified.type.dtype !== value.type.dtype || modified.type.shape.join() !== value.type.shape.join())
        lowering.fail(`${attribute} must keep the format and the shape of its input`);
      goOn({ ...call, planner: at, lowering: lowering.in(at) }, modified);
    },
  };
  planner.next(...tasks, next);
}
