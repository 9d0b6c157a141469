/** float x codes, the activations being quantized while the kernel runs: a scale for the tensor, or one for each row. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type CodeForm, codeForm, flipOffset, formShift, formZero } from "./code-form.ts";
import { codeProduct } from "./code-product.ts";
import type { Product } from "./product.ts";

export function compileDynamic(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const compile = spec.attributes.dynamic?.granularity === "tensor" ? compileTensor : compileRows;
  return compile(context, spec, weights, owned, product);
}

/** Elements whose range is found together; assembly/dynamic.as says the same. */
const CHUNK = 4096;

/** uint8 (ONNX DynamicQuantizeLinear). */
const compileTensor: typeof compileDynamic = (context, spec, weights, owned, product) => {
  const form = codeForm(context.dot);
  const { sums, panels, run } = codeProduct(context, spec, weights, owned, product, form);
  const weightSums = owned.store(sums);
  const quantize = quantizedTensor(context, form, elementCount(spec.inputs[0]!.shape), owned);
  const initAt = owned.workspace(sums.byteLength);
  return ([x], [y]) => {
    const { codes, scale, zero: padding } = quantize(x!);
    const init = initAt();
    context.run("startSums", panels, panels, padding, weightSums, init);
    run({ x: codes, padding, init, y: y!, rowScales: scale, rowScaleStep: 0 });
  };
};

/** Addresses of the uint8 codes of a tensor in a form, of their scale, and of the number that stands for 0 in that form. */
export interface QuantizedTensor {
  readonly codes: number;
  readonly scale: number;
  readonly zero: number;
}

/** Quantizes a tensor of `count` floats to uint8. */
export function quantizedTensor(
  context: Context,
  form: CodeForm,
  count: number,
  owned: Owned,
): (x: number) => QuantizedTensor {
  const wide = formShift(form);
  const offset = flipOffset(form, "uint8");
  const chunks = Math.ceil(count / CHUNK);
  const rangesAt = owned.workspace(chunks * 8);
  // A TensorScale of assembly/dynamic.as: the scale, then the number that stands for 0.
  const scaleAt = owned.workspace(12);
  const codesAt = owned.workspace((count + 8) << wide);
  return (x) => {
    const [ranges, scale, codes] = [rangesAt(), scaleAt(), codesAt()];
    context.run("rangesOfChunks", chunks, count / 4, x, count, ranges);
    context.run("scaleOfTensor", 1, 1, ranges, chunks, offset, wide, scale);
    context.run("quantizeTensor", chunks, count, x, count, scale, wide, codes);
    return { codes, scale, zero: scale + 4 };
  };
}

/** int8, symmetric. */
const compileRows: typeof compileDynamic = (context, spec, weights, owned, product) => {
  const { rows, depth } = product;
  const form = codeForm(context.dot);
  const wide = formShift(form);
  const rowStep = Math.ceil(depth / 16) * 16;
  const { sums, run } = codeProduct(context, spec, weights, owned, product, form, rowStep);
  const zero = formZero(form, "int8", 0);
  const init = owned.store(sums.map((sum) => -Math.imul(zero, sum)));
  const padding = owned.store(Int32Array.of(zero));
  const codesAt = owned.workspace((rows * rowStep) << wide);
  const scalesAt = owned.workspace(rows * 4);
  return ([x], [y]) => {
    const [codes, rowScales] = [codesAt(), scalesAt()];
    const work = rows * depth;
    context.run("quantizeRows", rows, work, x!, depth, zero, wide, codes, rowStep << wide, rowScales);
    run({ x: codes, padding, init, y: y!, rowScales, rowScaleStep: 4 });
  };
};
