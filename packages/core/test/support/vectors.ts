/** Reads ../vectors/float-vectors.json; its README describes the format. */
import type { DType, FloatName } from "../../src/index.ts";
import json from "../vectors/float-vectors.json" with { type: "json" };

const arrays = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array };

interface Deflated {
  readonly dtype: string;
  readonly length: number;
  readonly deflate: string;
}

async function inflate({ dtype, length, deflate }: Deflated) {
  const bytes = Uint8Array.from(atob(deflate), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const array = new arrays[dtype as keyof typeof arrays](await new Response(stream).arrayBuffer());
  if (array.length !== length) throw new Error(`${array.length} elements, not ${length}`);
  // Differences: a sum modulo 2^bits, which the store into the typed array takes by itself.
  if (array instanceof BigUint64Array) for (let i = 1; i < length; i++) array[i]! += array[i - 1]!;
  else for (let i = 1; i < length; i++) array[i]! += array[i - 1]!;
  return array;
}

async function numbers(deflated: Deflated): Promise<Uint8Array | Uint16Array | Uint32Array> {
  const array = await inflate(deflated);
  if (array instanceof BigUint64Array) throw new Error("64-bit integers are not numbers");
  return array;
}

async function floats(deflated: Deflated): Promise<Float32Array> {
  return new Float32Array((await inflate(deflated)).buffer);
}

export type VectorFormat = keyof typeof json.formats;
export const vectorFormats = Object.keys(json.formats) as VectorFormat[];

/** Vectors of one float format, unpacked: inputs as numbers, codes as unsigned integers. */
export async function formatVectors(name: VectorFormat) {
  const { decode, encode, specials, float64 } = json.formats[name];
  const float32 = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
  return {
    values: await floats(decode),
    inputs: await floats(encode.inputs),
    codes: await numbers(encode.codes),
    specials: specials.map((row) => ({ ...row, value: float32(row.input) })),
    doubles: new Float64Array((await inflate(float64.inputs)).buffer),
    doubleCodes: await numbers(float64.codes),
  };
}

interface FloatFacts {
  bits: number;
  max: number;
  smallest_normal: number;
  smallest_subnormal: number;
  eps: number;
  precision: number;
}

export const floatFacts: Record<FloatName, FloatFacts> = json.floats;
export const integerFacts = Object.entries(json.integers) as [
  DType,
  { bits: number; min: string; max: string },
][];
export const packingCases = json.packing as {
  dtype: DType;
  codes: number[];
  values: number[];
  bytes: number[];
}[];
