/** Numbers to TensorProto, as `raw_data`: the form every tool reads fastest, and the only one for packed codes. */
import { ShapeError } from "@bitbudget/core";
import { TensorError } from "../errors.ts";
import { create, type TensorProto, TensorProtoSchema } from "../proto.ts";
import { format } from "./formats.ts";
import type { TensorValue } from "./read.ts";

/**
 * The message for a tensor, whose memory it shares. Strings go to `string_data` as UTF-8.
 * @throws ShapeError for a shape that is not a list of non-negative integers
 * @throws TensorError when the array is not as long as the shape says
 */
export function toTensorProto(value: TensorValue, name = ""): TensorProto {
  const { dtype, shape, data } = value;
  const row = format(dtype);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !Number.isSafeInteger(elements)) {
    throw new ShapeError(`[${shape.join(", ")}] is not a shape; use non-negative integers`, shape);
  }
  const message = create(TensorProtoSchema, { dims: shape.map(BigInt), dataType: row.number });
  if (name !== "") message.name = name;
  if (value.dtype === "string") {
    checkLength(name, elements, value.data.length);
    const utf8 = new TextEncoder();
    message.stringData = value.data.map((text) => utf8.encode(text));
    return message;
  }
  if (!ArrayBuffer.isView(data)) throw new TensorError(name, `data of ${dtype} must be a typed array`);
  checkLength(name, Math.ceil((elements * row.bits) / 8), data.byteLength);
  message.rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message;
}

function checkLength(name: string, need: number, have: number): void {
  if (need === have) return;
  throw new TensorError(
    name,
    `its shape needs ${need} bytes or strings and there are ${have}; pass matching data`,
  );
}
