/**
 * Conv, Gemm and MatMul of codes: (sum of products of codes + code of the bias) * (scale of x * scale of w), in the order
 * of integer kernels (docs/numerics.md, linear and conv2d). Gradients are those of the product of the numbers.
 */
import { clone, getFloat, getInt, type NodeProto, NodeProtoSchema } from "@bitbudget/onnx";
import { gradients } from "../gradients/index.ts";
import type { Backward } from "../gradients/rule.ts";
import type { Value } from "../graph/builder.ts";
import { type Coded, codesOf } from "./codes.ts";
import { adopted, type Forward, type OperatorTable, type TrainingOperator } from "./operator.ts";

/** The product as it is in the model, or on codes where both sides have them. */
const codedProduct: TrainingOperator = (forward) => {
  const operands = operandsOf(forward);
  const [output] = forward.outputs;
  return operands === undefined || output === undefined
    ? adopted(forward)
    : [emitOnCodes(forward, output, operands)];
};

interface Operands {
  readonly x: Coded;
  readonly w: Coded;
}

/** Both sides as codes if an integer kernel takes them: one scale for x, one or one for each channel for w. */
function operandsOf({ ops, node, input, inputs }: Forward): Operands | undefined {
  const { coded } = codesOf(ops);
  const [x, w] = [coded.get(input(0).name), coded.get(input(1).name)];
  if (x === undefined || w === undefined || x.axis !== undefined || w.inBlocks) return undefined;
  const { shape } = w.codes;
  const isMatrix = node.opType === "Conv" || shape.length === 2;
  if (w.axis !== undefined && (!isMatrix || w.axis !== channelAxis(node))) return undefined;
  if (node.opType === "Gemm" && !isPlainGemm(node)) return undefined;
  const bias = inputs[2];
  const fits = bias === undefined || bias.shape.join() === `${shape[channelAxis(node)]}`;
  return fits ? { x, w } : undefined;
}

/** The axis of filters or of a matrix along which the channels of the result are. */
export function channelAxis(node: NodeProto): number {
  if (node.opType === "Conv") return 0;
  return node.opType === "Gemm" && getInt(node, "transB", 0) !== 0 ? 0 : 1;
}

function isPlainGemm(node: NodeProto): boolean {
  return (
    getFloat(node, "alpha", 1) === 1 && getFloat(node, "beta", 1) === 1 && getInt(node, "transA", 0) === 0
  );
}

function emitOnCodes(forward: Forward, output: Value, { x, w }: Operands): Value {
  const { ops, node, inputs, input } = forward;
  const bias = inputs[2];
  const along = (value: Value) =>
    node.opType === "Conv" && value.shape.length > 0
      ? ops.reshape(value, [...value.shape, ...output.shape.slice(2).fill(1)])
      : value;
  const xScale = ops.reshape(x.scale, []);
  const make = () => {
    const unit = ops.mul(xScale, w.axis === undefined ? ops.reshape(w.scale, []) : w.scale);
    const sum = onCodes(forward, x.codes, w.codes, output);
    const offset = bias && along(ops.unary("Round", ops.div(bias, unit)));
    const total = () => (offset === undefined ? sum : ops.add(sum, offset));
    const y = ops.mul(total(), along(unit));
    codesOf(ops).sums.set(y.name, { total, unit: along(unit) });
    return [y];
  };
  // The gradient of x needs the weight as numbers; that of the weight the codes of x, which are kept anyway.
  const factors = [x.codes, input(1), bias];
  const rule = (b: Backward) => {
    const ofNumbers = gradients[node.opType] ?? b.fail("its product has no gradient");
    const [dx, dw, dBias] = ofNumbers({
      ...b,
      inputs: factors,
      input: (i) => factors[i] ?? b.fail(`it needs input ${i}`),
    });
    return [dx, dw && ops.mul(dw, xScale), dBias];
  };
  return ops.custom(node, inputs, make, rule)[0]!;
}

/** The node, without bias, on other operands. */
function onCodes({ ops, node }: Forward, x: Value, w: Value, { dtype, shape }: Value): Value {
  const product = clone(NodeProtoSchema, node);
  const sum = { name: ops.uniqueName(`${node.output[0]}_sum`), dtype, shape };
  product.input = [x.name, w.name];
  product.output = [sum.name];
  ops.adopt(product, [x, w], [sum]);
  return sum;
}

export const codedProducts: OperatorTable = { Conv: codedProduct, Gemm: codedProduct, MatMul: codedProduct };
