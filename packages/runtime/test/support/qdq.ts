/** Groups of quantize and dequantize nodes for tests. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";

/** Scales and zero points as initializers, and the nodes that use them. */
export class Qdq {
  readonly constants: Record<string, HostTensor> = {};

  /** One scale and zero point for a whole tensor, under `name_scale` and `name_zero`. */
  code(name: string, scale: number, dtype: DType = "uint8", zeroPoint = 0): this {
    this.constants[`${name}_scale`] = tensor("float32", [], [scale]);
    this.constants[`${name}_zero`] = tensor(dtype, [], [zeroPoint]);
    return this;
  }

  add(constants: Readonly<Record<string, HostTensor>>): this {
    Object.assign(this.constants, constants);
    return this;
  }
}

/** `to` = codes of `from`, in the code of that name. */
export function quantize(from: string, to: string, code: string): NodeProto {
  return makeNode("QuantizeLinear", [from, `${code}_scale`, `${code}_zero`], [to]);
}

/** `to` = numbers that the codes `from` stand for. */
export function dequantize(from: string, to: string, code: string, axis = 1): NodeProto {
  const attributes = { axis: BigInt(axis) };
  return makeNode("DequantizeLinear", [from, `${code}_scale`, `${code}_zero`], [to], { attributes });
}
