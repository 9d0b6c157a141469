/** Operators that make tensors: constants, ranges, random numbers, windows. */

import { getTensor } from "../graph/attributes.ts";
import type { ElementType } from "../tensor/formats.ts";
import { filled, storedValue } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { MOST_DATA, ofRank, type Shape, tensor, type Value } from "./value.ts";

const constant: Rule = (op) => {
  if (op.hasAttribute("value")) return [storedValue(getTensor(op.node, "value"))];
  if (op.hasAttribute("value_int")) return [tensor("int64", [], [op.int("value_int")])];
  if (op.hasAttribute("value_float")) return [tensor("float32", [], [op.float("value_float")])];
  if (op.hasAttribute("value_ints")) {
    const ints = op.ints("value_ints");
    return [tensor("int64", [ints.length], ints)];
  }
  if (op.hasAttribute("value_floats")) return [tensor("float32", [op.floats("value_floats").length])];
  if (op.hasAttribute("value_string")) return [tensor("string", [])];
  if (op.hasAttribute("value_strings")) return [tensor("string", [op.strings("value_strings").length])];
  if (op.hasAttribute("sparse_value")) return [sparse(op)];
  return op.fail("it has no value; set one of its attributes");
};

function sparse(op: Op): Value {
  const proto = op.node.attribute.find(({ name }) => name === "sparse_value")?.sparseTensor;
  const dtype = proto?.values === undefined ? undefined : storedValue(proto.values).dtype;
  return tensor(dtype, proto?.dims.map(Number));
}

/** A shape that is an input, as sizes. */
function shapeInput(op: Op, index: number): Shape | undefined {
  const length = op.dim(index, 0);
  const shape = op.data(index) ?? ofRank(typeof length === "number" ? length : undefined);
  const wrong = shape?.find((dim) => typeof dim === "number" && dim < 0);
  return wrong === undefined ? shape : op.fail(`a shape cannot have the size ${wrong}`);
}

/** Zeros, unless the attribute has another element. */
const constantOfShape: Rule = (op) => {
  const value = op.hasAttribute("value")
    ? storedValue(getTensor(op.node, "value"))
    : tensor("float32", [1], [0]);
  const shape = shapeInput(op, 0);
  const element = value.data?.[0];
  return [tensor(value.dtype, shape, typeof element === "number" ? filled(shape, element) : undefined)];
};

/** max(ceil((limit - start) / delta), 0) numbers. */
const range: Rule = (op) => {
  const [start, limit, delta] = [op.data(0)?.[0], op.data(1)?.[0], op.data(2)?.[0]];
  const dtype = op.dtype(0) ?? op.dtype(1);
  if (typeof start === "number" && typeof limit === "number" && typeof delta === "number") {
    if (delta === 0) op.fail("its step is 0");
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!Number.isSafeInteger(count)) op.fail(`a range from ${start} to ${limit} is too long`);
    const small = count <= MOST_DATA;
    return [
      tensor(dtype, [count], small ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined),
    ];
  }
  return [tensor(dtype, [symbolicCount(start, limit, delta)])];
};

function symbolicCount(start: MaybeDim, limit: MaybeDim, delta: MaybeDim): MaybeDim {
  if (typeof delta === "number" && delta < 0) return symbolicCount(limit, start, -delta);
  return dims.maximum(dims.ceilDivide(dims.subtract(limit, start), delta), 0);
}

/** Random numbers in a shape that is an attribute. */
const random: Rule = (op) => [tensor(op.dtypeAttribute("dtype", "float32"), op.ints("shape"))];

/** Of the shape of the input, and of its format unless an attribute names another. */
function like(fallback?: ElementType): Rule {
  return (op) => [tensor(op.dtypeAttribute("dtype", fallback ?? op.dtype(0)), op.shape(0))];
}

const multinomial: Rule = (op) => [
  tensor(op.dtypeAttribute("dtype", "int32"), [op.dim(0, 0), op.int("sample_size", 1)]),
];

const window: Rule = (op) => [tensor(op.dtypeAttribute("output_datatype", "float32"), [op.data(0)?.[0]])];

const melWeights: Rule = (op) => {
  const bins = dims.add(dims.floorDivide(op.data(1)?.[0], 2), 1);
  return [tensor(op.dtypeAttribute("output_datatype", "float32"), [bins, op.data(0)?.[0]])];
};

const imageDecoder: Rule = () => [tensor("uint8", ofRank(3))];

export const generatingRules: Rules = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  RandomNormal: random,
  RandomUniform: random,
  RandomNormalLike: like(),
  RandomUniformLike: like(),
  Bernoulli: like(),
  EyeLike: like(),
  Multinomial: multinomial,
  BlackmanWindow: window,
  HammingWindow: window,
  HannWindow: window,
  MelWeightMatrix: melWeights,
  ImageDecoder: imageDecoder,
};
