/** TensorProto to numbers: from `raw_data` or the typed fields, with every length checked against the shape first. */
import { type DType, dtypes, type HostTensor, type Storage } from "@bitbudget/core";
import { DataTypeError, ExternalDataError, TensorError } from "../errors.ts";
import { isFieldSet, type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from "../proto.ts";
import { type Extent, extent } from "./extent.ts";
import { type ExtraName, type Format, formatOf, isExtra, type TypedField } from "./formats.ts";
import { typedBytes } from "./typed-fields.ts";

/** A tensor in a format that core has no arithmetic for. */
export type ExtraTensor =
  | { readonly dtype: "string"; readonly shape: readonly number[]; readonly data: readonly string[] }
  | { readonly dtype: "complex64"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: "complex128"; readonly shape: readonly number[]; readonly data: Float64Array }
  | {
      readonly dtype: Exclude<ExtraName, "string" | "complex64" | "complex128">;
      readonly shape: readonly number[];
      readonly data: Uint8Array;
    };

/** Whatever an ONNX tensor can hold. */
export type TensorValue = HostTensor | ExtraTensor;

/**
 * The numbers of a tensor. The array shares the memory of `rawData` when that is aligned for it: treat it as read-only.
 *
 * @throws TensorError when the data are shorter or longer than the shape, in two fields at once, or hold numbers that
 *   the format does not have
 * @throws DataTypeError for a format that core does not compute with; `anyTensorValue` reads those
 * @throws ExternalDataError when the data lie in another file; see `ModelFile.tensor` and `parseModel`'s `externalData`
 */
export function tensorValue(tensor: TensorProto): HostTensor {
  const format = formatOf(tensor.dataType, { value: tensor.name });
  if (isExtra(format.name)) {
    throw new DataTypeError(
      tensor.dataType,
      `tensor ${JSON.stringify(tensor.name)} is of ${format.name}, which has no arithmetic here; ` +
        "read it with anyTensorValue, or cast it in the model",
      { value: tensor.name },
    );
  }
  const size = extent(tensor, format);
  return hostTensor(format.name, size.shape, storedBytes(tensor, format, size), tensor.name);
}

/** As `tensorValue`, for every format of ONNX. Strings must be UTF-8. */
export function anyTensorValue(tensor: TensorProto): TensorValue {
  const format = formatOf(tensor.dataType, { value: tensor.name });
  const { name: dtype } = format;
  if (!isExtra(dtype)) return tensorValue(tensor);
  const size = extent(tensor, format);
  const { shape } = size;
  if (dtype === "string") return { dtype, shape, data: strings(tensor, size) };
  const bytes = storedBytes(tensor, format, size);
  if (dtype === "complex64") return { dtype, shape, data: view(Float32Array, bytes) };
  if (dtype === "complex128") return { dtype, shape, data: view(Float64Array, bytes) };
  return { dtype, shape, data: bytes };
}

/**
 * The elements of a tensor as `raw_data` would hold them: little-endian and packed. A view of the message where it can
 * be. @throws as `tensorValue` does, and TensorError for strings, which have no such form
 */
export function tensorBytes(tensor: TensorProto): Uint8Array {
  const format = formatOf(tensor.dataType, { value: tensor.name });
  if (format.name === "string")
    throw new TensorError(tensor.name, "strings have no raw form; see anyTensorValue");
  return storedBytes(tensor, format, extent(tensor, format));
}

/** Whether the data lie in another file. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/** A tensor over bytes of exactly the right length. @throws TensorError for a bool other than 0 and 1 */
export function hostTensor(
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
  name: string,
): HostTensor {
  if (dtype === "bool") {
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong >= 0) {
      throw new TensorError(name, `element ${wrong} is ${bytes[wrong]}; a bool is 0 or 1, write it that way`);
    }
  }
  return { dtype, shape, data: storage(dtype, bytes) };
}

function storedBytes(tensor: TensorProto, format: Format, size: Extent): Uint8Array {
  if (isExternal(tensor)) {
    const location = tensor.externalData.find((entry) => entry.key === "location")?.value ?? "";
    throw new ExternalDataError(
      location,
      `tensor ${JSON.stringify(tensor.name)} keeps its data there; ` +
        "open the model with openModel, or pass externalData to parseModel",
      tensor.name,
    );
  }
  if (isFieldSet(tensor, TensorProtoSchema.field.segment)) {
    throw new TensorError(
      tensor.name,
      "it is stored in segments, which no tool writes; save it as one tensor",
    );
  }
  const raw = tensor.rawData.length > 0;
  checkFields(tensor, format.field, raw);
  if (raw) {
    checkLength(tensor, size.bytes, tensor.rawData.length, "raw_data", "bytes");
    return tensor.rawData;
  }
  const entries = Math.ceil(size.elements / format.perEntry);
  checkLength(tensor, entries, tensor[format.field].length, protoName[format.field], "entries");
  return typedBytes(tensor, format, entries);
}

function strings(tensor: TensorProto, size: Extent): string[] {
  if (isExternal(tensor))
    throw new TensorError(tensor.name, "strings cannot be external; store them in string_data");
  checkFields(tensor, "stringData", false);
  checkLength(tensor, size.elements, tensor.stringData.length, "string_data", "entries");
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return tensor.stringData.map((bytes, i) => {
    try {
      return utf8.decode(bytes);
    } catch {
      throw new TensorError(tensor.name, `string ${i} is not UTF-8; write it with that encoding`);
    }
  });
}

const protoName: Readonly<Record<TypedField, string>> = {
  floatData: "float_data",
  int32Data: "int32_data",
  stringData: "string_data",
  int64Data: "int64_data",
  doubleData: "double_data",
  uint64Data: "uint64_data",
};

/** Only one field may hold elements, and it must be the one for the format. */
function checkFields(tensor: TensorProto, wanted: TypedField, raw: boolean): void {
  for (const field of Object.keys(protoName) as TypedField[]) {
    if (tensor[field].length === 0 || (field === wanted && !raw)) continue;
    throw new TensorError(
      tensor.name,
      `${protoName[field]} is filled, but its elements belong into ${raw ? "raw_data" : protoName[wanted]} alone; ` +
        "clear one of them",
    );
  }
}

function checkLength(tensor: TensorProto, need: number, have: number, field: string, unit: string): void {
  if (need === have) return;
  throw new TensorError(
    tensor.name,
    `its shape [${tensor.dims.join(", ")}] needs ${need} ${unit} of ${field} and there are ${have}; ` +
      "the file is damaged, or the shape was edited without the data",
  );
}

type Viewable<A> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
};

/** The bytes as an array of wider elements: in place when aligned, else copied. */
function view<A>(array: Viewable<A>, bytes: Uint8Array): A {
  const size = array.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, aligned.length / size);
}

function storage(dtype: DType, bytes: Uint8Array): Storage {
  switch (dtype) {
    case "float64":
      return view(Float64Array, bytes);
    case "float32":
      return view(Float32Array, bytes);
    case "int64":
      return view(BigInt64Array, bytes);
    case "uint64":
      return view(BigUint64Array, bytes);
    case "int32":
      return view(Int32Array, bytes);
    case "uint32":
      return view(Uint32Array, bytes);
    case "int16":
      return view(Int16Array, bytes);
    case "int8":
      return view(Int8Array, bytes);
    default:
      return dtypes[dtype].bits === 16 ? view(Uint16Array, bytes) : bytes;
  }
}
