/**
 * What a training graph knows of its values besides their types: which ones are codes times a scale, which ones are sums
 * of products of codes. Integer kernels add codes and scale the sum; a simulation that does the same in the same order
 * has the same bits, since float32 adds integers below 2^24 exactly.
 */
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import type { Quantizer } from "./quantizer.ts";

/** value = codes * scale. */
export interface Coded {
  /** Codes less their zero point, as float. */
  readonly codes: Value;
  /** One, one for each channel, or one for each block, as the model has it. */
  readonly scale: Value;
  /** The axis whose positions have scales of their own; undefined for one scale. */
  readonly axis: number | undefined;
  readonly inBlocks: boolean;
}

/** value = total * unit. */
export interface Sums {
  /** Emits the sums anew: cheaper than to keep them, next to the sums without bias that are kept. */
  total(): Value;
  /** Broadcasts to the sums. */
  readonly unit: Value;
}

export interface Codes {
  /** By names of integer values: what they will be the codes of. */
  readonly quantizers: Map<string, Quantizer>;
  /** By names of numbers. */
  readonly coded: Map<string, Coded>;
  readonly sums: Map<string, Sums>;
  /** By results of Relu: its input, and whether nobody else uses that. */
  readonly rectified: Map<string, { readonly input: Value; readonly isSole: boolean }>;
}

const known = new WeakMap<Ops, Codes>();

export function codesOf(ops: Ops): Codes {
  let codes = known.get(ops);
  if (codes === undefined) {
    codes = { quantizers: new Map(), coded: new Map(), sums: new Map(), rectified: new Map() };
    known.set(ops, codes);
  }
  return codes;
}
