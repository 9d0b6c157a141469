/** Constants as the weights that kernels take: in float32, under another shape, transposed, one number for each channel. */
import { type DType, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { affinePositions, pick } from "../host/elements.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";

/** The same numbers in another format, made once in a session. */
export function converted(context: Lowering, weight: HostTensor, dtype: DType): HostTensor {
  if (weight.dtype === dtype) return weight;
  return context.derived(weight, dtype, () => tensor<DType>(dtype, weight.shape, valuesOf(weight)));
}

export function shaped(weight: HostTensor, shape: readonly number[]): HostTensor {
  return { ...weight, shape };
}

/** A tensor of one element without its dimensions. */
export function scalarWeight(context: Lowering, weight: HostTensor, name: string): HostTensor {
  const count = elementCount(weight.shape);
  if (count !== 1) context.fail(`must have a ${name} of one element, not ${count}`);
  return shaped(weight, []);
}

/** Columns as rows: [k, n] as [n, k]. */
export function transposed(context: Lowering, matrix: HostTensor): HostTensor {
  const [rows = 0, columns = 0] = matrix.shape;
  return context.derived(matrix, "transposed", () =>
    pick(matrix, [columns, rows], affinePositions([columns, rows], [1, columns])),
  );
}

/** One number for each channel: a tensor of one element is repeated. */
export function perChannel(
  context: Lowering,
  weight: HostTensor,
  channels: number,
  name: string,
): HostTensor {
  const count = elementCount(weight.shape);
  if (count === channels) return shaped(weight, [channels]);
  if (count !== 1) context.fail(`must have 1 or ${channels} elements in its ${name}, not ${count}`);
  return context.derived(weight, `${channels} times`, () =>
    pick(weight, [channels], new Uint8Array(channels)),
  );
}

/** The scalar 0: what stands in for a zero point that is left out. Always the same one, by which kernels are known. */
export function zero(dtype: DType): HostTensor {
  let scalar = zeros.get(dtype);
  if (scalar === undefined) {
    scalar = tensor<DType>(dtype, [], [0]);
    zeros.set(dtype, scalar);
  }
  return scalar;
}

const zeros = new Map<DType, HostTensor>();

/** A scalar, the same tensor wherever a session needs that number. */
export function scalarOf(context: Lowering, dtype: DType, value: number): HostTensor {
  const name = Object.is(value, -0) ? "-0" : String(value);
  return context.derived(zero(dtype), `scalar ${name}`, () => tensor<DType>(dtype, [], [value]));
}

/** The content of an input if planning knows it, or if it has to: then planning stops until a run tells. */
export function constantIf(context: Lowering, index: number): HostTensor | undefined {
  return context.has(index) ? context.constant(index) : undefined;
}

export function isKnown(value: Value | undefined): value is Value & { readonly constant: HostTensor } {
  return value?.constant !== undefined;
}
