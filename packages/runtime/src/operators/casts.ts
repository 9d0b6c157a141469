/** Operators that change how elements are written, or nothing at all: Cast, CastLike, BitCast, Identity, Dropout. */
import { type DType, dtypes, elementCount, tensor } from "@bitbudget/core";
import { findAttribute, getInt } from "@bitbudget/onnx";
import { reinterpret } from "../host/elements.ts";
import { mersenneTwister } from "../host/mersenne-twister.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { dtypeAttribute } from "./constants.ts";
import { binary, filled, isFloat } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

function castTo(context: Lowering, x: Value, to: DType): Value {
  const from = x.type.dtype;
  if (from === to) return x;
  // ONNX leaves open what becomes of floats beyond the range; where codes are packed its tests let them wrap.
  if (isFloat(from) && !isFloat(to) && dtypes[to].bits < 8)
    return cast(context, cast(context, x, "int32"), to);
  const saturate = getInt(context.node, "saturate", 1) !== 0;
  return context.kernel({ op: "cast", inputs: [x.type], attributes: { to, saturate } }, [x]);
}

const bitCast: Operator = (context) => {
  const x = context.input(0);
  const { dtype, shape } = x.type;
  const to = dtypeAttribute(context, "to", dtype);
  if (dtypes[to].bits !== dtypes[dtype].bits)
    context.fail(`cannot read ${dtypes[dtype].bits} bits of ${dtype} as ${dtypes[to].bits} bits of ${to}`);
  return context.host([{ dtype: to, shape }], [x], ([bits]) => [reinterpret(bits!, to)]);
};

/** Does nothing, unless an input (from opset 12 on) asks for training. */
const dropout: Operator = (context) => {
  const x = context.input(0);
  if (context.opset >= 12 && context.has(2) && context.scalar(2) !== 0) {
    const ratio = context.has(1) ? context.scalar(1) : 0.5;
    if (ratio !== 0) return dropped(context, x, ratio);
  }
  const mask = context.opset < 10 ? x.type.dtype : "bool";
  return context.outputCount > 1 ? [x, context.known(filled(mask, x.type.shape, 1))] : [x];
};

/** The seed decides what is dropped: the same elements in every run. */
function dropped(context: Lowering, x: Value, ratio: number): [Value, Value] {
  if (findAttribute(context.node, "seed") === undefined)
    context.fail("is in training mode without a seed; give it one, so that its random numbers can be told");
  const { dtype, shape } = x.type;
  const draw = mersenneTwister(getInt(context.node, "seed"));
  const kept = Float64Array.from({ length: elementCount(shape) }, () => Number(draw() >= ratio));
  const factors = kept.map((keep) => keep / (1 - ratio));
  const y = binary(context, "mul", x, context.known(tensor(dtype, shape, factors)));
  return [y, context.known(tensor("bool", shape, kept))];
}

export const casts: OperatorTable = {
  Cast: (context) => {
    const x = context.input(0);
    return [castTo(context, x, dtypeAttribute(context, "to", x.type.dtype))];
  },
  CastLike: (context) => [castTo(context, context.input(0), context.input(1).type.dtype)],
  BitCast: bitCast,
  Identity: (context) => [context.input(0)],
  Dropout: dropout,
};
