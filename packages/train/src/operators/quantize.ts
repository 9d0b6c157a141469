/**
 * QuantizeLinear, a Clip of its codes to a narrower range, and DequantizeLinear: in a training step all three together
 * are float arithmetic with a gradient (quantizer.ts). The codes themselves are what they are in the model.
 */
import { dtypes, normalizeAxis } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { quantizerMark } from "../qat/marks.ts";
import { codesOf } from "./codes.ts";
import { adopted, type Forward, type OperatorTable, type TrainingOperator } from "./operator.ts";
import { fakeQuantize, layOut, type Quantizer } from "./quantizer.ts";

const quantizeLinear: TrainingOperator = (forward) => {
  const { ops, node, input, outputs, isSole } = forward;
  const [output] = outputs;
  const info = output === undefined ? undefined : dtypes[output.dtype];
  if (output !== undefined && info?.kind === "integer") {
    const zeroPoint = zeroPointOf(forward);
    const { method, isActivation } = quantizerMark(node);
    codesOf(ops).quantizers.set(output.name, {
      node,
      x: input(0),
      scale: input(1),
      zeroPoint,
      low: info.min - zeroPoint,
      high: info.max - zeroPoint,
      ...placeOf(forward),
      method,
      isActivation,
      isSole: isSole(0),
    });
  }
  return adopted(forward);
};

/** The one zero point of all elements. */
function zeroPointOf({ inputs, content, fail }: Forward): number {
  if (inputs[2] === undefined) return 0;
  const [first, ...others] =
    content(2) ?? fail("its zero points are not known; make them constants, or leave out those that are 0");
  if (others.some((each) => each !== first)) fail("its zero points differ; training has one for all");
  return first ?? 0;
}

/** Along which axis scales are. */
function placeOf({ node, input, fail }: Forward): Pick<Quantizer, "axis" | "blockSize"> {
  const [{ shape }, scale] = [input(0), input(1)];
  const blockSize = getInt(node, "block_size", 0);
  if (blockSize === 0 && scale.shape.every((size) => size === 1)) return { axis: undefined, blockSize };
  const axis = normalizeAxis(getInt(node, "axis", 1), shape.length);
  const length = shape[axis] ?? 0;
  if (blockSize > 0 && length % blockSize !== 0)
    fail(`blocks of ${blockSize} do not divide axis ${axis} of length ${length}; choose a size that does`);
  const expected = blockSize > 0 ? shape.with(axis, length / blockSize) : [length];
  if (scale.shape.join() !== expected.join())
    fail(`its scales are [${scale.shape}] where axis ${axis} of [${shape}] needs [${expected}]`);
  return { axis, blockSize };
}

/** Of codes: a range narrower than that of their format. Of anything else: as it is. */
const clip: TrainingOperator = (forward) => {
  const { ops, inputs, outputs, content } = forward;
  const { quantizers } = codesOf(ops);
  const quantizer = quantizers.get(inputs[0]?.name ?? "");
  const [output] = outputs;
  if (quantizer !== undefined && output !== undefined) {
    const { low, high, zeroPoint } = quantizer;
    const bound = (i: number, fallback: number) =>
      inputs[i] === undefined ? fallback : (content(i)?.[0] ?? fallback + zeroPoint) - zeroPoint;
    quantizers.set(output.name, {
      ...quantizer,
      low: Math.max(low, bound(1, low)),
      high: Math.min(high, bound(2, high)),
    });
  }
  return adopted(forward);
};

const dequantizeLinear: TrainingOperator = (forward) => {
  const { ops, input, fail } = forward;
  const quantizer = codesOf(ops).quantizers.get(input(0).name);
  if (quantizer === undefined) return [decode(forward)];
  if (quantizer.scale.name !== input(1).name || quantizer.zeroPoint !== zeroPointOf(forward))
    fail("its scale or zero point is another than that of the QuantizeLinear before it; share them");
  return [fakeQuantize(ops, quantizer)];
};

/** Codes that are constant: only their scale can be trained. */
function decode(forward: Forward): Value {
  const { ops, input } = forward;
  const [codes, scale] = [input(0), input(1)];
  const { axis, blockSize } = placeOf(forward);
  const numbers = ops.cast(codes, scale.dtype);
  const centered = ops.shift(numbers, -zeroPointOf(forward));
  const { shape, step } = layOut(ops, { x: codes, scale, axis, blockSize });
  const y = ops.reshape(ops.mul(ops.reshape(centered, shape), step), codes.shape);
  codesOf(ops).coded.set(y.name, { codes: centered, scale, axis, inBlocks: blockSize > 0 });
  return y;
}

/** As it is; remembered, because codes that start at 0 do not need it. */
const relu: TrainingOperator = (forward) => {
  const { ops, input, outputs, isSole } = forward;
  const [output] = outputs;
  if (output !== undefined) codesOf(ops).rectified.set(output.name, { input: input(0), isSole: isSole(0) });
  return adopted(forward);
};

export const quantizers: OperatorTable = {
  Clip: clip,
  DequantizeLinear: dequantizeLinear,
  QuantizeLinear: quantizeLinear,
  Relu: relu,
};
