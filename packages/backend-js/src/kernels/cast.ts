/**
 * cast: the same numbers in another format, by ONNX Cast's rules. Floats become integers by dropping the fraction, and
 * saturate; integers become narrower integers by dropping bits; everything else rounds once.
 */
import type { KernelRow } from "@bitbudget/backend";
import {
  type DType,
  decodeArray,
  dtypeNames,
  dtypes,
  elementCount,
  encodeArray,
  pack,
  type Storage,
} from "@bitbudget/core";
import { type Bigints, holdsBigints } from "../bigints.ts";
import type { JsKernel } from "../kernel.ts";
import { wordsOf } from "../words.ts";

export const cast: JsKernel<"cast"> = {
  rows: dtypeNames.flatMap((activation) =>
    dtypeNames.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),

  prepare(_, { inputs, attributes: { to, saturate = true } }) {
    const { dtype: from, shape } = inputs[0]!;
    const length = elementCount(shape);
    return {
      bytes: 0,
      run([x], [y]) {
        if (from === to) copy(x!, y!);
        else if (to === "bool") toBool(x!, from, y!, length);
        else if (dtypes[to].kind === "float") toFloat(x!, from, y!, to, length, saturate);
        else toInteger(x!, from, y!, to, length);
      },
    };
  },
};

function copy(x: Storage, y: Storage): void {
  wordsOf(y, "uint8").set(wordsOf(x, "uint8"));
}

function toBool(x: Storage, from: DType, y: Storage, length: number): void {
  // NaN is not zero.
  if (holdsBigints(x)) wordsOf(y, "bool").set(Array.from(x, (value) => Number(value !== 0n)));
  else encodeArray("bool", decodeArray(from, x, length), wordsOf(y, "bool") as Uint8Array);
}

function toFloat(x: Storage, from: DType, y: Storage, to: DType, length: number, saturate: boolean): void {
  const narrow = dtypes[to].bits <= 8;
  const numbers = holdsBigints(x) && to !== "float64" ? sticky(x) : decodeArray(from, x, length);
  encodeArray(to, numbers, y, { saturate: narrow && saturate });
}

/** Doubles that round to every narrower float as the integers do: bits that a double has no room for leave one behind. */
function sticky(integers: Bigints): Float64Array {
  return Float64Array.from(integers, (value) => {
    const magnitude = value < 0n ? -value : value;
    if (magnitude < 2n ** 53n) return Number(value);
    const rest = magnitude & 0xfffn;
    const kept = Number(magnitude - rest + (rest === 0n ? 0n : 0x800n));
    return value < 0n ? -kept : kept;
  });
}

function toInteger(x: Storage, from: DType, y: Storage, to: DType, length: number): void {
  const { bits } = dtypes[to];
  const fromFloat = dtypes[from].kind === "float";
  if (fromFloat) {
    encodeArray(to, decodeArray(from, x, length).map(Math.trunc), y);
  } else if (holdsBigints(y)) {
    // A store into an array of bigints drops the bits beyond 64.
    if (holdsBigints(x)) y.set(x as BigInt64Array);
    else y.set(Array.from(decodeArray(from, x, length), BigInt));
  } else {
    const low = holdsBigints(x)
      ? Int32Array.from(x, (value) => Number(BigInt.asIntN(32, value)))
      : Int32Array.from(decodeArray(from, x, length), (value) => value | 0);
    if (bits >= 8) wordsOf(y, to).set(low);
    else pack(truncate(low, to), bits, y as Uint8Array);
  }
}

/** The low bits of each integer, as codes of a format of less than a byte. */
function truncate(integers: Int32Array, to: DType): Int8Array | Uint8Array {
  const info = dtypes[to];
  const unused = 32 - info.bits;
  const signed = info.kind === "integer" && info.signed;
  const codes = signed ? new Int8Array(integers.length) : new Uint8Array(integers.length);
  for (const [i, value] of integers.entries())
    codes[i] = signed ? (value << unused) >> unused : (value << unused) >>> unused;
  return codes;
}
