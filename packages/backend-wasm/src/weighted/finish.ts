/** What becomes of int32 sums of codes: the fields of Finish (assembly/finish.as). */
import { type WeightedSpec, type Weights, weightedArithmetic } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { functionCode } from "../functions.ts";
import type { Owned } from "../memory/owned.ts";
import { type Product, packChannels } from "./product.ts";
import { requantization } from "./requantization.ts";
import { numbers, spread } from "./weights.ts";

/** Address of the fields. */
export function storeFinish(
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  product: Product,
  owned: Owned,
): number {
  const { output, bias, activation } = spec.attributes;
  const channels = product.groups * product.channels;
  const store = (values: Iterable<number>) => owned.store(packChannels(Float32Array.from(values), product));
  if (output === "int32") return owned.store(finishFields({ kind: 0 }));
  if (dtypes[output].kind === "integer") {
    const { multipliers, ...range } = requantization(spec, weights, channels);
    return owned.store(finishFields({ kind: 1, scales: store(multipliers), ...range }));
  }
  const [inputScale = 1] = numbers(weights.inputScale);
  const scales = spread(weights.scale, 1, channels);
  const isStatic = weightedArithmetic(spec) === "static";
  return owned.store(
    finishFields({
      kind: 2,
      scales: store(isStatic ? scales.map((scale) => Math.fround(inputScale * scale)) : scales),
      bias: store(spread(bias === "float32" ? weights.bias : undefined, 0, channels)),
      ...functionCode(activation),
    }),
  );
}

interface FinishFields {
  readonly kind: 0 | 1 | 2;
  readonly scales?: number;
  readonly bias?: number;
  readonly low?: number;
  readonly high?: number;
  readonly zeroPoint?: number;
  readonly signed?: number;
  readonly fn?: number;
  readonly alpha?: number;
  readonly beta?: number;
}

export function finishFields({
  kind,
  scales = 0,
  bias = 0,
  low = 0,
  high = 0,
  zeroPoint = 0,
  signed = 0,
  fn = 0,
  alpha = 0,
  beta = 0,
}: FinishFields): Int32Array {
  const lowest = signed === 1 ? -128 : 0;
  const offset = zeroPoint - lowest - MAGIC_BITS;
  return Int32Array.of(
    ...[kind, scales, bias, bits(low), offset, high + zeroPoint - lowest, signed << 7],
    ...[fn, bits(alpha), bits(beta)],
  );
}

/** Bits of the float that rounds what is added to it (assembly/requantize.as). */
const MAGIC_BITS = 0x4b400000;

/** The bits of a float32. */
function bits(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}
