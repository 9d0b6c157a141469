/** Depthwise convolutions on 8-bit codes: which of the two kernels, and weights and constants as it wants them. */
import { type KernelSpec, type Weights, windowOutput } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import type { Product } from "./product.ts";
import { requantization } from "./requantization.ts";
import { numbers } from "./weights.ts";

export function compileDepthwiseCodes(
  context: Context,
  spec: KernelSpec<"conv2d">,
  weights: Weights<"conv2d">,
  owned: Owned,
  { geometry, groups: channels, depth: area }: Product,
): Run {
  const { image, height, width } = windowOutput(spec, spec.inputs[0]!);
  const padded = Math.ceil(channels / 16) * 16;
  const [inputZeroPoint = 0] = numbers(weights.inputZeroPoint);
  const signedInput = spec.inputs[0]!.dtype === "int8";
  const factors = depthwiseFactors(weights, channels, area);
  const kernel = chooseKernel(context, factors, signedInput);
  // Flipping the top bit of a code turns int8 into uint8 and back, and moves the zero point by 128.
  const zeroPoint = inputZeroPoint + (kernel.flip === 0 ? 0 : signedInput ? 128 : -128);
  const bias = numbers(weights.bias);
  const init = new Int32Array(padded);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let tap = 0; tap < area; tap++) sum += factors[channel * area + tap]!;
    init[channel] = (bias[channel] ?? 0) - zeroPoint * sum;
  }
  const taps = Math.ceil(area / kernel.tapsTogether) * kernel.tapsTogether;
  const packed = packTaps(factors, channels, area, padded, taps, kernel.tapsTogether);
  const w = owned.store(kernel.name === "depthwiseDot" ? Int8Array.from(packed) : packed);
  const {
    multipliers,
    low,
    high,
    zeroPoint: outputZeroPoint,
    signed,
  } = requantization(spec, weights, channels);
  const allMultipliers = new Float32Array(padded);
  allMultipliers.set(multipliers);
  const m = owned.store(allMultipliers);
  const start = owned.store(init);
  const zeros = owned.store(new Int8Array(padded).fill(inputZeroPoint));
  const lines = image.batch * height;
  const work = lines * width * channels * area;
  const mode = kernel.name === "depthwiseDot" ? kernel.flip : signedInput ? 1 : 0;
  return ([x], [y]) =>
    context.run(
      kernel.name,
      lines,
      work,
      x!,
      geometry,
      w,
      taps,
      start,
      m,
      y!,
      padded,
      zeros,
      mode,
      low,
      high,
      outputZeroPoint,
      signed,
    );
}

/** Weights less their zero points, [channels, area]. */
function depthwiseFactors(weights: Weights<"conv2d">, channels: number, area: number): Int16Array {
  const factors = Int16Array.from(numbers(weights.weight));
  const zeroPoints = numbers(weights.zeroPoint);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < area; tap++)
      factors[channel * area + tap]! -= zeroPoints[zeroPoints.length === 1 ? 0 : channel] ?? 0;
  return factors;
}

interface Choice {
  readonly name: "depthwiseDot" | "depthwiseWide";
  readonly tapsTogether: number;
  /** Bits that turn codes of the input into those that the dot product multiplies. */
  readonly flip: number;
}

/** The dot product of bytes where it is exact with all of them and the weights fit, else that of 16-bit numbers. */
function chooseKernel({ relaxed, dot }: Context, factors: Int16Array, signedInput: boolean): Choice {
  const fits = factors.every((factor) => factor >= -128 && factor <= 127);
  if (!relaxed || dot === "seven" || !fits) return { name: "depthwiseWide", tapsTogether: 2, flip: 0 };
  const flip = (dot === "signed") === signedInput ? 0 : 0x80;
  return { name: "depthwiseDot", tapsTogether: 4, flip };
}

/** [channels, area] as [taps / together][padded channels][together], with zeros where there is nothing. */
function packTaps(
  factors: Int16Array,
  channels: number,
  area: number,
  padded: number,
  taps: number,
  together: number,
): Int16Array {
  const packed = new Int16Array(taps * padded);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < area; tap++) {
      const group = Math.floor(tap / together);
      packed[(group * padded + channel) * together + (tap % together)] = factors[channel * area + tap]!;
    }
  return packed;
}
