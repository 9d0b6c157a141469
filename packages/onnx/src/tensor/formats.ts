/**
 * The element formats of ONNX tensors: those of the core table, and the four that core has no arithmetic for, which
 * are read and written all the same.
 */
import { type DType, dtypeFromOnnx, dtypes } from "@bitbudget/core";
import { DataTypeError, type Place } from "../errors.ts";
import { TensorProto_DataType as DataType } from "../proto.ts";

/** Formats of ONNX that are not formats of core. A complex element is a real and an imaginary part, side by side. */
export type ExtraName = "string" | "complex64" | "complex128" | "float8_e8m0";

/** Every element format a tensor can have. */
export type ElementType = DType | ExtraName;

/** Field of TensorProto that holds elements one by one. */
export type TypedField = "floatData" | "int32Data" | "stringData" | "int64Data" | "doubleData" | "uint64Data";

export interface Format {
  readonly name: ElementType;
  /** Number in `TensorProto.DataType`. */
  readonly number: number;
  /** Bits of one element; strings have none. */
  readonly bits: number;
  readonly field: TypedField;
  /** How many elements one entry of the typed field holds: 2 or 4 below 8 bits, 1/2 for a complex number, else 1. */
  readonly perEntry: number;
}

const extras: Readonly<Record<ExtraName, Format>> = {
  string: { name: "string", number: DataType.STRING, bits: 0, field: "stringData", perEntry: 1 },
  complex64: { name: "complex64", number: DataType.COMPLEX64, bits: 64, field: "floatData", perEntry: 0.5 },
  complex128: {
    name: "complex128",
    number: DataType.COMPLEX128,
    bits: 128,
    field: "doubleData",
    perEntry: 0.5,
  },
  float8_e8m0: byteFormat("float8_e8m0", DataType.FLOAT8E8M0),
};

function byteFormat(name: ExtraName, number: number): Format {
  return { name, number, bits: 8, field: "int32Data", perEntry: 1 };
}

const typedFields: Partial<Record<DType, TypedField>> = {
  float32: "floatData",
  float64: "doubleData",
  int64: "int64Data",
  uint64: "uint64Data",
  uint32: "uint64Data",
};

export function isExtra(name: ElementType): name is ExtraName {
  return Object.hasOwn(extras, name);
}

/** Row of a format, by name. */
export function format(name: ElementType): Format {
  if (isExtra(name)) return extras[name];
  const { onnx: number, bits } = dtypes[name];
  return { name, number, bits, field: typedFields[name] ?? "int32Data", perEntry: Math.max(1, 8 / bits) };
}

/** Name of the format with a number of `TensorProto.DataType`, or undefined for 0 and for numbers of later versions. */
export function elementType(number: number): ElementType | undefined {
  return dtypeFromOnnx(number) ?? Object.values(extras).find((row) => row.number === number)?.name;
}

/** Number of a format in `TensorProto.DataType`. */
export function dataType(name: ElementType): number {
  return format(name).number;
}

/** Row of the format with the given number. @throws DataTypeError when ONNX has none */
export function formatOf(number: number, place: Place = {}): Format {
  const name = elementType(number);
  if (name !== undefined) return format(name);
  const what =
    number === 0 ? "has no data type" : `has data type ${number}, which this version does not know`;
  throw new DataTypeError(
    number,
    `tensor ${JSON.stringify(place.value ?? "")} ${what}; set one of the numbers of TensorProto.DataType`,
    place,
  );
}
