/** Types as callers see them and as files declare them, from and to what the inference works with. */
import {
  create,
  type TensorShapeProto_Dimension,
  TensorShapeProto_DimensionSchema,
  type TypeProto,
  TypeProtoSchema,
} from "../proto.ts";
import { dataType, type ElementType, elementType } from "../tensor/formats.ts";
import { type MaybeDim, symbol } from "./dim.ts";
import { type Shape, tensor, type Value } from "./value.ts";

/** A known size, an expression of symbols like "N" or "2*N + 1", or null where nothing is known. */
export type Size = number | string | null;

/** What is known of a value. */
export type ValueType =
  | {
      readonly kind: "tensor";
      readonly dtype: ElementType | undefined;
      /** Undefined when not even the rank is known. */
      readonly shape: readonly Size[] | undefined;
      /** Elements of small tensors that follow from shapes and constants alone, row-major; booleans as 0 and 1. */
      readonly data: readonly Size[] | undefined;
    }
  | { readonly kind: "sequence" | "optional"; readonly element: ValueType };

export function valueType(value: Value): ValueType {
  if (value.sequenceOf !== undefined) return { kind: "sequence", element: valueType(value.sequenceOf) };
  if (value.optionalOf !== undefined) return { kind: "optional", element: valueType(value.optionalOf) };
  const { dtype, shape, data } = value;
  return { kind: "tensor", dtype, shape: shape?.map(sizeOf), data: data?.map(sizeOf) };
}

function sizeOf(dim: MaybeDim): Size {
  if (dim === undefined) return null;
  return typeof dim === "number" ? dim : dim.text;
}

/** What a file says of a value. Sizes of -1, which some exporters write, are unknown ones. */
export function declaredValue(type: TypeProto | undefined): Value {
  const value = type?.value;
  switch (value?.case) {
    case "tensorType":
    case "sparseTensorType": {
      const { elemType, shape } = value.value;
      return tensor(elementType(elemType), shape?.dim.map(declaredDim));
    }
    case "sequenceType":
      return { sequenceOf: declaredValue(value.value.elemType) };
    case "optionalType":
      return { optionalOf: declaredValue(value.value.elemType) };
    default:
      return {};
  }
}

function declaredDim({ value }: TensorShapeProto_Dimension): MaybeDim {
  if (value.case === "dimParam") return value.value === "" ? undefined : symbol(value.value);
  if (value.case !== "dimValue" || value.value < 0n) return undefined;
  const size = Number(value.value);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** The message for a type, or undefined when the element type is not known. */
export function typeProto(value: Value): TypeProto | undefined {
  if (value.sequenceOf !== undefined || value.optionalOf !== undefined) {
    const elemType = typeProto(value.sequenceOf ?? value.optionalOf ?? {});
    if (elemType === undefined) return undefined;
    const kind = value.sequenceOf !== undefined ? "sequenceType" : "optionalType";
    return create(TypeProtoSchema, { value: { case: kind, value: { elemType } } });
  }
  if (value.dtype === undefined) return undefined;
  const elemType = dataType(value.dtype);
  const shape = value.shape === undefined ? undefined : { dim: value.shape.map(dimension) };
  const tensorType = shape === undefined ? { elemType } : { elemType, shape };
  return create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } });
}

function dimension(dim: MaybeDim): TensorShapeProto_Dimension {
  const message = create(TensorShapeProto_DimensionSchema);
  if (typeof dim === "number") message.value = { case: "dimValue", value: BigInt(dim) };
  else if (dim !== undefined) message.value = { case: "dimParam", value: dim.text };
  return message;
}

/** A shape that a caller gives: numbers, and names of symbols. */
export function givenShape(sizes: readonly (number | string)[]): Shape {
  return sizes.map((size) => (typeof size === "string" ? symbol(size) : size));
}
