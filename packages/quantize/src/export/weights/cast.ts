/**
 * Weights as Cast, Sub, Mul of constants: onnxruntime folds these when it loads a model, so that the file is small and the
 * model as fast as in float32. Floats of 16 and 8 bits need no more than the Cast. (ONNX Cast, Sub, Mul)
 */
import { type DType, dtypes, type Quantized, scalesOf, tensor, valuesOf } from "@bitbudget/core";
import { reshaped, type Writer } from "../writer.ts";
import { broadcastShape, normalAxis, type StoredWeight, storedAs } from "./codes.ts";

/** ONNX's number of float32. */
const FLOAT = BigInt(dtypes.float32.onnx);

/** Name of the float weight that the nodes make. `storage`: format of integer codes in the file. */
export function castWeight(writer: Writer, name: string, quantized: Quantized, storage: DType): string {
  const isFloat = dtypes[quantized.scheme.dtype].kind === "float";
  return isFloat
    ? castFloats(writer, name, quantized)
    : castCodes(writer, name, storedAs(quantized, storage));
}

function castCodes(writer: Writer, name: string, weight: StoredWeight): string {
  const { codes, scales, zeroPoints } = weight;
  const shape = broadcastShape(weight);
  const cast = asFloats(writer, writer.constant(`${name}_codes`, codes), name);
  const centered =
    zeroPoints === undefined
      ? cast
      : writer.node(
          "Sub",
          [
            cast,
            writer.constant(`${name}_zero_point`, tensor("float32", shape, Array.from(valuesOf(zeroPoints)))),
          ],
          `${name}_centered`,
        );
  const scale = writer.constant(`${name}_scale`, tensor("float32", shape, scales));
  return writer.node("Mul", [centered, scale], `${name}_decoded`);
}

function castFloats(writer: Writer, name: string, quantized: Quantized): string {
  const { scheme, shape, codes } = quantized;
  const values = { dtype: scheme.dtype, shape, data: codes };
  const cast = asFloats(writer, writer.constant(`${name}_${scheme.dtype}`, values), name);
  const scales = scalesOf(quantized);
  if (scales.every((scale) => scale === 1)) return cast;
  const { granularity } = scheme;
  const axis = granularity.kind === "channel" ? normalAxis(granularity.axis, shape.length) : undefined;
  const against = axis === undefined ? [] : shape.map((size, i) => (i === axis ? size : 1));
  const scale = writer.constant(
    `${name}_scale`,
    reshaped(tensor("float32", [scales.length], scales), against),
  );
  return writer.node("Mul", [cast, scale], `${name}_decoded`);
}

export function asFloats(writer: Writer, codes: string, name: string): string {
  return writer.node("Cast", [codes], `${name}_float`, { attributes: { to: FLOAT } });
}
