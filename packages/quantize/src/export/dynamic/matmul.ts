/** Products whose activations are quantized to uint8 while they run (com.microsoft DynamicQuantizeMatMul). */
import { type DType, type HostTensor, type Quantized, tensor, valuesOf } from "@bitbudget/core";
import type { Layer } from "../../layers.ts";
import { replaceProduct } from "../replace.ts";
import { storedAs } from "../weights/codes.ts";
import { matrixOf } from "../weights/matrix.ts";
import { MICROSOFT, type Writer } from "../writer.ts";

export function dynamicMatMul(
  writer: Writer,
  layer: Layer,
  name: string,
  quantized: Quantized,
  storage: DType,
): void {
  const { codes, scales, zeroPoints } = storedAs(quantized, storage);
  const matrix = matrixOf(layer);
  const inputs = [
    writer.constant(`${name}_codes`, matrix.termStride === 1 ? transposed(codes) : codes),
    writer.constant(`${name}_scale`, tensor("float32", [scales.length], scales)),
    zeroPoints === undefined
      ? ""
      : writer.constant(`${name}_zero_point`, { ...zeroPoints, shape: [scales.length] }),
  ];
  replaceProduct(writer, layer, "DynamicQuantizeMatMul", (x, bias) => [x, ...inputs, bias], {
    domain: MICROSOFT,
  });
}

/** Rows as columns. */
export function transposed({ dtype, shape, ...rest }: HostTensor): HostTensor {
  const [rows = 0, columns = 0] = shape;
  const values = valuesOf({ dtype, shape, ...rest });
  const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
  return tensor(dtype, [columns, rows], Array.from(turned));
}
