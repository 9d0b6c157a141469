/** Operators that make tensors from nothing but a shape or a few numbers. */
import {
  type DType,
  elementCount,
  type HostTensor,
  isDType,
  scalar,
  tensor,
  valuesOf,
} from "@bitbudget/core";
import {
  type AttributeProto,
  elementType,
  findAttribute,
  getFloat,
  getFloats,
  getInt,
  getTensor,
  tensorValue,
} from "@bitbudget/onnx";
import { castNumbers, holdsBigints } from "../host/arithmetic.ts";
import { pick, put, zeros } from "../host/elements.ts";
import type { Lowering, Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

/** What an attribute means, read once however often its node is planned. */
const contents = new WeakMap<AttributeProto, HostTensor>();

const constant: Operator = (context) => {
  const attribute = context.node.attribute[0] ?? context.fail("must have an attribute");
  let value = contents.get(attribute);
  if (value === undefined) {
    value = attributeContent(context, attribute);
    contents.set(attribute, value);
  }
  return [context.known(value)];
};

function attributeContent(context: Lowering, attribute: AttributeProto): HostTensor {
  const { node } = context;
  switch (attribute.name) {
    case "value":
      return tensorValue(getTensor(node, "value"));
    case "sparse_value":
      return sparseContent(context, attribute);
    case "value_float":
      return tensor("float32", [], [getFloat(node, "value_float")]);
    case "value_floats": {
      const floats = getFloats(node, "value_floats");
      return tensor("float32", [floats.length], floats);
    }
    case "value_int":
      return scalar("int64", attribute.i);
    case "value_ints":
      return tensor("int64", [attribute.ints.length], attribute.ints);
    default:
      return context.fail(`has no value that the runtime holds: ${attribute.name}`);
  }
}

/** A SparseTensorProto: its values stand at their linear positions, or at one row of coordinates each. */
function sparseContent(context: Lowering, { sparseTensor }: AttributeProto): HostTensor {
  if (sparseTensor?.values === undefined || sparseTensor.indices === undefined)
    context.fail("has a sparse_value without values or indices");
  const values = tensorValue(sparseTensor.values);
  const indices = tensorValue(sparseTensor.indices);
  const shape = sparseTensor.dims.map(Number);
  const coordinates = valuesOf(indices);
  const rank = indices.shape.length === 2 ? shape.length : 1;
  const count = elementCount(shape);
  const positions = Array.from({ length: elementCount(values.shape) }, (_, i) => {
    let position = 0;
    for (let axis = 0; axis < rank; axis++) {
      const length = rank === 1 ? count : (shape[axis] ?? 0);
      const index = coordinates[i * rank + axis] ?? -1;
      if (!(index >= 0 && index < length))
        context.fail(`has a sparse_value outside of [${shape.join(", ")}]`);
      position = position * length + index;
    }
    return position;
  });
  return put(zeros(values.dtype, shape), positions, values);
}

const constantOfShape: Operator = (context) => {
  const shape = context.integers(0);
  const given = findAttribute(context.node, "value");
  const value = given === undefined ? scalar("float32", 0) : tensorValue(getTensor(context.node, "value"));
  if (elementCount(value.shape) !== 1) context.fail("must have a value of one element");
  return [context.known(pick(value, shape, new Uint8Array(elementCount(shape))))];
};

const range: Operator = (context) => {
  const parts = [context.constant(0), context.constant(1), context.constant(2)];
  const { dtype } = context.input(0).type;
  const [start = 0n, limit = 0n, delta = 0n] = parts.map(({ data }) => (holdsBigints(data) ? data[0] : 0n));
  if (dtype === "int64") {
    if (delta === 0n) context.fail("must have a delta other than 0");
    const steps = (limit - start + delta - (delta > 0n ? 1n : -1n)) / delta;
    const length = Math.max(0, Number(steps));
    const values = BigInt64Array.from({ length }, (_, i) => start + BigInt(i) * delta);
    return [context.known({ dtype, shape: [length], data: values })];
  }
  const [from, to, by] = [context.scalar(0), context.scalar(1), context.scalar(2)];
  const length = Math.max(0, Math.ceil((to - from) / by));
  if (!Number.isSafeInteger(length)) context.fail(`from ${from} to ${to} by ${by} has no end`);
  const values = Float64Array.from({ length }, (_, i) => from + i * by);
  return [context.known(castNumbers(dtype, [length], values))];
};

const eyeLike: Operator = (context) => {
  const { dtype, shape } = context.input(0).type;
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2) context.fail(`needs a matrix, not ${shape.length} dimensions`);
  const diagonal = getInt(context.node, "k", 0);
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const column = row + diagonal;
    if (column >= 0 && column < columns) values[row * columns + column] = 1;
  }
  return [context.known(castNumbers(dtypeAttribute(context, "dtype", dtype), shape, values))];
};

const oneHot: Operator = (context) => {
  const [indices, values] = [context.input(0), context.input(2)];
  const { shape } = indices.type;
  const depth = Math.trunc(context.scalar(1));
  const axis = axisOf(context, getInt(context.node, "axis", -1), shape.length + 1);
  const inner = elementCount(shape.slice(axis));
  const result = shape.toSpliced(axis, 0, depth);
  const type = { dtype: values.type.dtype, shape: result };
  return context.host([type], [indices, values], ([at, offOn]) => {
    const hot = new Uint8Array(elementCount(result));
    for (const [i, index] of valuesOf(at!).entries()) {
      const k = Math.trunc(index) + (index < 0 ? depth : 0);
      if (k >= 0 && k < depth) hot[(Math.floor(i / inner) * depth + k) * inner + (i % inner)] = 1;
    }
    return [pick(offOn!, result, hot)];
  });
};

/** An attribute that is a number of `TensorProto.DataType`. */
export function dtypeAttribute(context: Lowering, name: string, fallback: DType): DType {
  if (findAttribute(context.node, name) === undefined) return fallback;
  const dtype = elementType(getInt(context.node, name));
  return isDType(dtype) ? dtype : context.fail(`makes a tensor of ${dtype}, which the runtime has not`);
}

export const constants: OperatorTable = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  OneHot: oneHot,
};
