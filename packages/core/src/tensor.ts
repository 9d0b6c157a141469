/** A tensor in host memory: a format, a shape and its codes, row-major and packed as ONNX packs them. */
import type { DType } from "./dtypes.ts";

/** Array that holds the codes of each format. Formats under 8 bits are packed, the first element in the low bits. */
export interface StorageOf {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float8_e4m3fn: Uint8Array;
  float8_e5m2: Uint8Array;
  float4_e2m1: Uint8Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int4: Uint8Array;
  uint4: Uint8Array;
  int2: Uint8Array;
  uint2: Uint8Array;
  bool: Uint8Array;
}

export type Storage<D extends DType = DType> = StorageOf[D];

export interface TensorType<D extends DType = DType> {
  readonly dtype: D;
  /** Row-major; every dimension a non-negative integer. `[]` is a scalar. */
  readonly shape: readonly number[];
}

export interface HostTensor<D extends DType = DType> extends TensorType<D> {
  readonly data: Storage<D>;
}
