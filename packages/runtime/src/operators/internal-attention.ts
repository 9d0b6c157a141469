/**
 * The internal operator Attention: softmax(q k^T * scale + mask) v, as a pass found it spelled out. Inputs are q, k, v, mask
 * and scale, the last two optional; attributes are those of the Softmax, and the operator set that it is of.
 */
import { getInt, makeAttribute } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { fusedAttention } from "./attention-core.ts";
import { binary } from "./emit.ts";
import { overAxis, softmax } from "./normalization.ts";

export function internalAttention(context: Lowering): readonly Value[] {
  const [q, k, v] = [context.input(0), context.input(1), context.input(2)];
  const [, , , mask, scale] = context.inputs;
  const factor = scale === undefined ? 1 : context.scalar(4);
  const fused = fusedAttention(context, [q, k, v], { scale: factor, mask });
  if (fused !== undefined) return [fused];

  // The graph as it was: shapes broadcast in ways that the kernel does not take, or the backend has none.
  const perm = makeAttribute("perm", [0n, 1n, 3n, 2n]);
  const scores = multiply(context, q, only(context, context.operator("Transpose", [k], [perm])));
  const scaled = scale === undefined ? scores : binary(context, "mul", scores, scale);
  const masked = mask === undefined ? scaled : binary(context, "add", scaled, mask);
  const weights = overAxis(context, masked, getInt(context.node, "opset"), softmax);
  return [multiply(context, weights, v)];
}

function multiply(context: Lowering, a: Value, b: Value): Value {
  return only(context, context.operator("MatMul", [a, b]));
}

function only(context: Lowering, [value]: readonly Value[]): Value {
  return value ?? context.fail("could not be taken apart");
}
