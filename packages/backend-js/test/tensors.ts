/** Tensors in other layouts, and weights as the contract has them. */
import type { WeightGranularity } from "@bitbudget/backend";
import { elementCount, type HostTensor, strides, tensor, valuesOf } from "@bitbudget/core";

/** A tensor with its axes in another order: output axis i is axis perm[i]. */
export function transpose(from: HostTensor, perm: readonly number[]): HostTensor {
  const steps = strides(from.shape);
  const shape = perm.map((axis) => from.shape[axis]!);
  const numbers = valuesOf(from);
  const to = strides(shape);
  const at = (i: number) =>
    perm.reduce((sum, axis, k) => sum + (Math.floor(i / to[k]!) % shape[k]!) * steps[axis]!, 0);
  return tensor(
    from.dtype,
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => numbers[at(i)]!),
  );
}

/** Scales and zero points of ONNX weights, each one for all or one for each channel, brought to the same granularity. */
export function weightsOf(channels: number, scale?: HostTensor, zeroPoint?: HostTensor) {
  const perChannel = [scale, zeroPoint].some((given) => given?.shape.length === 1);
  const same = (given: HostTensor) =>
    perChannel && given.shape.length === 0
      ? tensor(given.dtype, [channels], new Array<number>(channels).fill(valuesOf(given)[0]!))
      : given;
  const granularity: WeightGranularity = { kind: perChannel ? "channel" : "tensor" };
  const tensors = { ...(scale && { scale: same(scale) }), ...(zeroPoint && { zeroPoint: same(zeroPoint) }) };
  return { granularity, tensors };
}
