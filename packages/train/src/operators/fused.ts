/** Products with transpositions, sums and activations in one, as onnxruntime's optimizer writes them. */
import { clone, getFloat, getFloats, getInt, getString, NodeProtoSchema } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Forward, OperatorTable, TrainingOperator } from "./operator.ts";

/** The standard operator of the same attributes. */
function plain(
  { ops, node, outputs, fail }: Forward,
  opType: string,
  inputs: readonly (Value | undefined)[],
): Value {
  const type = outputs[0] ?? fail("nobody reads its output");
  const made = clone(NodeProtoSchema, node);
  made.opType = opType;
  made.domain = "";
  made.name = ops.uniqueName(opType);
  made.input = inputs.map((input) => input?.name ?? "");
  made.output = [made.name];
  made.attribute = node.attribute.filter(({ name }) => !name.startsWith("activation"));
  const value = { name: made.name, dtype: type.dtype, shape: type.shape };
  ops.adopt(made, inputs, [value]);
  return value;
}

/** The function in the attribute `activation`, of x. Its parameters are a list, or attributes of their own. */
function activated({ ops, node, fail }: Forward, x: Value): Value {
  const name = getString(node, "activation", "").toLowerCase();
  const list = getFloats(node, "activation_params", []);
  const parameter = (i: number, fallback: number) =>
    list[i] ?? getFloat(node, i === 0 ? "activation_alpha" : "activation_beta", fallback);
  switch (name) {
    case "":
    case "none":
      return x;
    case "relu":
      return ops.unary("Relu", x);
    case "tanh":
      return ops.unary("Tanh", x);
    case "sigmoid":
      return ops.unary("Sigmoid", x);
    case "leakyrelu":
      return ops.unary("LeakyRelu", x, { alpha: parameter(0, 0.01) });
    case "hardsigmoid":
      return ops.unary("HardSigmoid", x, { alpha: parameter(0, 0.2), beta: parameter(1, 0.5) });
    case "clip":
      return ops.clip(x, parameter(0, Number.NEGATIVE_INFINITY), parameter(1, Number.POSITIVE_INFINITY));
    default:
      return fail(`it has the activation ${name}; write it as a node of its own`);
  }
}

const fusedMatMul: TrainingOperator = (forward) => {
  const { ops, node, outputs, input, fail } = forward;
  if (getInt(node, "transBatchA", 0) !== 0 || getInt(node, "transBatchB", 0) !== 0)
    fail("it transposes batch axes (transBatchA, transBatchB)");
  // A vector has nothing to transpose.
  const turned = (x: Value, name: string) =>
    getInt(node, name, 0) !== 0 && x.shape.length >= 2 ? ops.transposed(x) : x;
  const type = outputs[0] ?? fail("nobody reads its output");
  const [product] = ops.emit("MatMul", [turned(input(0), "transA"), turned(input(1), "transB")], [type]);
  return [ops.scale(product!, getFloat(node, "alpha", 1))];
};

export const fused: OperatorTable = {
  "com.microsoft.FusedConv": (forward) => {
    const y = plain(forward, "Conv", forward.inputs.slice(0, 3));
    const [, , , sum] = forward.inputs;
    return [activated(forward, sum === undefined ? y : forward.ops.add(y, sum))];
  },
  "com.microsoft.FusedGemm": (forward) => [activated(forward, plain(forward, "Gemm", forward.inputs))],
  "com.microsoft.FusedMatMul": fusedMatMul,
};
