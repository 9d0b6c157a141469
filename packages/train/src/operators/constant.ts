/** Constant: an initializer, whose content is then known to rules. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  findAttribute,
  getFloat,
  getFloats,
  getInt,
  getInts,
  getTensor,
  type NodeProto,
  tensorValue,
} from "@bitbudget/onnx";
import type { TrainingOperator } from "./operator.ts";

export const constant: TrainingOperator = ({ ops, node, fail }) => {
  const value = numbersOf(node);
  return [value === undefined ? fail("it has no tensor of numbers") : ops.constant(value)];
};

function numbersOf(node: NodeProto): HostTensor | undefined {
  const has = (name: string) => findAttribute(node, name) !== undefined;
  if (has("value")) return tensorValue(getTensor(node, "value"));
  if (has("value_float")) return tensor("float32", [], [getFloat(node, "value_float")]);
  if (has("value_int")) return tensor("int64", [], [BigInt(getInt(node, "value_int"))]);
  if (has("value_floats")) {
    const values = getFloats(node, "value_floats");
    return tensor("float32", [values.length], values);
  }
  if (!has("value_ints")) return undefined;
  const values = getInts(node, "value_ints");
  return tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
}
