/** A tensor in host memory: a format, a shape and its codes, row-major and packed as ONNX packs them. */
import { decodeArray, encodeArray, type Numbers, type Values } from "./arrays.ts";
import { arrayName } from "./checks.ts";
import type { Encodable } from "./codec.ts";
import type { DType } from "./dtypes.ts";
import { ShapeError } from "./errors.ts";
import { elementCount } from "./shapes.ts";
import { allocateStorage, isStorage, type Storage, storageLength } from "./storage.ts";

export interface TensorType<D extends DType = DType> {
  readonly dtype: D;
  /** Row-major; every dimension a non-negative integer. `[]` is a scalar. */
  readonly shape: readonly number[];
}

export interface HostTensor<D extends DType = DType> extends TensorType<D> {
  readonly data: Storage<D>;
}

/**
 * A tensor of zeros, of codes or of numbers.
 *
 * An array of the type that holds the format's codes (`StorageOf`) is used as it is, not copied: a Uint16Array is
 * float16 bits, a Uint8Array packed int4. A platform's Float16Array is float16 bits, too. Every other array has one
 * number for each element, which is encoded (`encodeArray`). Throws ShapeError if the length does not fit the shape.
 */
export function tensor<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data?: Storage<D> | Numbers<Encodable<D>>,
): HostTensor<D> {
  const count = elementCount(shape);
  return { dtype, shape: [...shape], data: toStorage(dtype, shape, count, data) };
}

function toStorage<D extends DType>(
  dtype: D,
  shape: readonly number[],
  count: number,
  data?: Storage<D> | Numbers<Encodable<D>>,
): Storage<D> {
  if (data === undefined) return allocateStorage(dtype, count);
  const given = dtype === "float16" ? bitsOf(data) : data;
  const stored = isStorage(dtype, given);
  const expected = stored ? storageLength(dtype, count) : count;
  if (given.length !== expected) {
    const what = stored ? `${arrayName(given)} of codes` : "array of numbers";
    throw new ShapeError(
      `${dtype} of shape [${shape}] takes an ${what} of length ${expected}, not ${given.length}`,
      shape,
    );
  }
  return stored ? (given as Storage<D>) : encodeArray(dtype, given as Numbers<Encodable<D>>);
}

/** The bits of a Float16Array, where the platform has that; all else as it is. */
function bitsOf<T extends object>(data: T): T | Uint16Array {
  const isFloat16 = ArrayBuffer.isView(data) && arrayName(data) === "Float16Array";
  return isFloat16 ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
}

/** A tensor without dimensions. */
export function scalar<D extends DType>(dtype: D, x: Encodable<D>): HostTensor<D> {
  return tensor(dtype, [], [x]);
}

/** The values of a tensor's elements, row-major. */
export function valuesOf<D extends DType>({ dtype, shape, data }: HostTensor<D>): Values<D> {
  return decodeArray(dtype, data, elementCount(shape));
}
