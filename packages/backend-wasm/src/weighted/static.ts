/** Codes x codes with scales that are known in advance: int32 sums, codes of another scale, or floats. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import { type DType, elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type CodeForm, codeForm, flipOffset, formShift, formZero } from "./code-form.ts";
import { codeProduct } from "./code-product.ts";
import { type Product, packChannels } from "./product.ts";
import { numbers, spread } from "./weights.ts";

export function compileStatic(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const { dtype, shape } = spec.inputs[0]!;
  const form = codeForm(context.dot);
  const [zeroPoint = 0] = numbers(weights.inputZeroPoint);
  const zero = formZero(form, dtype, zeroPoint);
  const { sums, run } = codeProduct(context, spec, weights, owned, product, form);
  const bias = spec.attributes.bias === "int32" ? weights.bias : undefined;
  const start = packChannels(Int32Array.from(spread(bias, 0, product.groups * product.channels)), product);
  const init = owned.store(start.map((value, i) => value - Math.imul(zero, sums[i]!)));
  const padding = owned.store(Int32Array.of(zero));
  const rowScales = owned.store(Float32Array.of(1));
  const codes = inForm(context, form, dtype, zeroPoint, elementCount(shape), owned);
  return ([x], [y]) => run({ x: codes(x!), padding, init, y: y!, rowScales, rowScaleStep: 0 });
}

/** Brings codes into the form of the product, and says where they are then. */
export function inForm(
  context: Context,
  form: CodeForm,
  dtype: DType,
  zeroPoint: number,
  count: number,
  owned: Owned,
): (x: number) => number {
  if (form !== "wide" && flipOffset(form, dtype) === 0) return (x) => x;
  const vectors = Math.ceil(count / 16);
  const to = owned.workspace(vectors << (4 + formShift(form)));
  return (x) => {
    const y = to();
    if (form === "wide")
      context.run("widenCodes", vectors, vectors, x, y, dtype === "int8" ? 1 : 0, zeroPoint);
    else context.run("flipCodes", vectors, vectors, x, y);
    return y;
  };
}
