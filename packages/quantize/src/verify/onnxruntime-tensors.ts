/** Tensors there and back between this project and the JavaScript API of onnxruntime. */
import { type DType, dtypes, type HostTensor, isDType, isStorage, tensor, valuesOf } from "@bitbudget/core";
import { QuantizeError } from "../errors.ts";

/** What a tensor of onnxruntime-web and of onnxruntime-node has. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  getData(): Promise<unknown>;
  dispose(): void;
}

/** Constructor of its tensors. */
export interface OrtTensorConstructor {
  new (type: "float32", data: Float32Array, dims: readonly number[]): OrtTensor;
  new (type: "float64", data: Float64Array, dims: readonly number[]): OrtTensor;
  new (type: "int8", data: Int8Array, dims: readonly number[]): OrtTensor;
  new (type: "uint8", data: Uint8Array, dims: readonly number[]): OrtTensor;
  new (type: "int16", data: Int16Array, dims: readonly number[]): OrtTensor;
  new (type: "uint16", data: Uint16Array, dims: readonly number[]): OrtTensor;
  new (type: "int32", data: Int32Array, dims: readonly number[]): OrtTensor;
  new (type: "uint32", data: Uint32Array, dims: readonly number[]): OrtTensor;
  new (type: "int64", data: BigInt64Array, dims: readonly number[]): OrtTensor;
  new (type: "uint64", data: BigUint64Array, dims: readonly number[]): OrtTensor;
  new (type: "bool", data: Uint8Array, dims: readonly number[]): OrtTensor;
}

/**
 * The format in which the numbers of another one pass through onnxruntime's API without loss: its JavaScript side has
 * no bfloat16 and no floats under 16 bits; onnxruntime-node 1.30 takes no float16 where the engine has Float16Array, and
 * ends the process at an output of int4. Undefined for formats that pass as they are.
 */
export function standIn(dtype: DType): "float32" | "int8" | "uint8" | undefined {
  const info = dtypes[dtype];
  if (info.kind === "integer") return info.bits >= 8 ? undefined : info.signed ? "int8" : "uint8";
  return info.kind === "float" && info.bits <= 16 ? "float32" : undefined;
}

/** The same numbers in another format. */
export function convert<D extends DType>(from: HostTensor, dtype: D): HostTensor {
  return from.dtype === dtype ? from : tensor<DType>(dtype, from.shape, Array.from(valuesOf(from)));
}

/** A tensor for onnxruntime, on the same memory. @throws QuantizeError for a format that it does not have */
export function toOrt(Tensor: OrtTensorConstructor, { dtype, shape, data }: HostTensor): OrtTensor {
  if (data instanceof Float32Array) return new Tensor("float32", data, shape);
  if (data instanceof Float64Array) return new Tensor("float64", data, shape);
  if (data instanceof Int8Array) return new Tensor("int8", data, shape);
  if (data instanceof Int16Array) return new Tensor("int16", data, shape);
  if (data instanceof Int32Array) return new Tensor("int32", data, shape);
  if (data instanceof Uint32Array) return new Tensor("uint32", data, shape);
  if (data instanceof BigInt64Array) return new Tensor("int64", data, shape);
  if (data instanceof BigUint64Array) return new Tensor("uint64", data, shape);
  if (data instanceof Uint16Array && dtype === "uint16") return new Tensor("uint16", data, shape);
  if (data instanceof Uint8Array && dtype === "uint8") return new Tensor("uint8", data, shape);
  if (data instanceof Uint8Array && dtype === "bool") return new Tensor("bool", data, shape);
  throw new QuantizeError(`${dtype} is no format of onnxruntime's API; cast it in the model`);
}

/** The numbers of a tensor, copied: its memory may be onnxruntime's. @throws QuantizeError for strings */
export async function fromOrt(value: OrtTensor, name: string): Promise<HostTensor> {
  const { type, dims } = value;
  const data = await value.getData();
  if (!isDType(type) || !ArrayBuffer.isView(data))
    throw new QuantizeError(`${JSON.stringify(name)} is a tensor of ${type}, which cannot be compared`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const made = tensor<DType>(type, dims);
  if (made.data.byteLength !== bytes.length || !isStorage(type, made.data))
    throw new QuantizeError(
      `${JSON.stringify(name)} has ${bytes.length} bytes for ${type} [${dims.join(", ")}]`,
    );
  new Uint8Array(made.data.buffer).set(bytes);
  return made;
}
