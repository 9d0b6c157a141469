/** A quantized weight as the tensors that operators take: codes in another format, scales and zero points in their shapes. */
import {
  allocateStorage,
  type DType,
  decodeArray,
  dtypes,
  elementCount,
  encodeArray,
  groupsOf,
  type HostTensor,
  isDType,
  type Quantized,
  scalesOf,
  tensor,
  zeroPointsOf,
} from "@bitbudget/core";

/** Integer codes in some format, less than or equal to what the format holds. */
export interface StoredWeight {
  readonly codes: HostTensor;
  /** One for each group. */
  readonly scales: Float32Array;
  /** In the format of the codes, one for each group; undefined where all are 0. */
  readonly zeroPoints: HostTensor | undefined;
  /** Shape of scales: [], [channels], or the weight's with its block axis divided. */
  readonly shape: readonly number[];
  /** Axis of channels or blocks; undefined for one scale. */
  readonly axis: number | undefined;
  /** 0 without blocks. */
  readonly blockSize: number;
}

/**
 * Integer codes stored in `dtype`. Signed codes in an unsigned format are shifted by half of its range, and unsigned ones in
 * a signed format likewise, zero points with them: numbers stay the same.
 */
export function storedAs(quantized: Quantized, dtype: DType): StoredWeight {
  const { scheme, shape } = quantized;
  const { granularity } = scheme;
  const shift = offset(scheme.dtype, dtype);
  const zeros = zeroPointsOf(quantized).map((zero) => zero + shift);
  const groups = groupsOf(shape, granularity);
  return {
    codes: { dtype, shape, data: moved(quantized, dtype, shift) },
    scales: scalesOf(quantized),
    zeroPoints: zeros.every((zero) => zero === 0)
      ? undefined
      : tensor(dtype, groups.shape, Array.from(zeros)),
    shape: groups.shape,
    axis: granularity.kind === "tensor" ? undefined : normalAxis(granularity.axis, shape.length),
    blockSize: granularity.kind === "block" ? granularity.size : 0,
  };
}

function moved({ scheme, shape, codes }: Quantized, dtype: DType, shift: number): HostTensor["data"] {
  if (scheme.dtype === dtype) return codes;
  const values = decodeArray(scheme.dtype, codes, elementCount(shape));
  if (shift !== 0) for (let i = 0; i < values.length; i++) values[i]! += shift;
  return encodeArray(dtype, values, allocateStorage(dtype, values.length));
}

/** What is added to codes that change from a signed format to an unsigned one, or back. */
function offset(from: DType, to: DType): number {
  const isSigned = (dtype: DType) => dtypes[dtype].min < 0;
  if (isSigned(from) === isSigned(to)) return 0;
  return isSigned(from) ? 2 ** (dtypes[to].bits - 1) : -(2 ** (dtypes[from].bits - 1));
}

/** The integer format of the same width without a sign. */
export function unsigned(dtype: DType): DType {
  const name = dtype.startsWith("int") ? `u${dtype}` : dtype;
  if (!isDType(name)) throw new RangeError(`${dtype} has no unsigned twin`);
  return name;
}

/** A number for each of the groups of a weight, broadcast against it: [channels] is [channels, 1, 1, 1] for filters. */
export function broadcastShape(weight: StoredWeight): number[] {
  const { codes, axis, shape } = weight;
  if (axis === undefined) return [];
  return codes.shape.map((_, i) => (i === axis ? (shape[0] ?? 1) : 1));
}

export function normalAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
