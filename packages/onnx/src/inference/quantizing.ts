/** To codes and back. The format of codes is that of the zero point, or of an attribute. */
import type { Rule, Rules } from "./op.ts";
import { tensor } from "./value.ts";

const quantize: Rule = (op) => {
  // 0, the default, names no format.
  const named = op.int("output_dtype", 0) === 0 ? undefined : op.dtypeAttribute("output_dtype");
  return [tensor(op.has(2) ? op.dtype(2) : (named ?? "uint8"), op.shape(0))];
};

/** Before version 19 always float32, then the format of the scale, unless an attribute names another. */
const dequantize: Rule = (op) => {
  const named = op.int("output_dtype", 0) === 0 ? undefined : op.dtypeAttribute("output_dtype");
  return [tensor(named ?? op.dtype(1), op.shape(0))];
};

const dynamicQuantize: Rule = (op) => [
  tensor("uint8", op.shape(0)),
  tensor("float32", []),
  tensor("uint8", []),
];

export const quantizingRules: Rules = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
};
