/** Reads ../vectors/quantization-vectors.json; its README describes the format. */
import type { AffineCode } from "../../src/index.ts";
import json from "../vectors/quantization-vectors.json" with { type: "json" };

async function inflate(base64: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Response(
    new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")),
  ).arrayBuffer();
}

/** ONNX QuantizeLinear as numpy computes it: inputs, codes one to an element, and what those decode to. */
export async function quantizeCases() {
  const x = new Float32Array(await inflate(json.quantize.x));
  const codes = new Int32Array(await inflate(json.quantize.codes));
  const values = new Float32Array(await inflate(json.quantize.values));
  let at = 0;
  return json.quantize.cases.map(({ dtype, scale, zeroPoint, length }) => {
    const from = at;
    const to = from + length;
    at = to;
    return {
      dtype: dtype as AffineCode,
      scale,
      zeroPoint,
      x: x.slice(from, to),
      codes: codes.subarray(from, to),
      values: values.subarray(from, to),
    };
  });
}

export const parameterCases = json.parameters.map((c) => ({
  ...c,
  dtype: c.dtype as Exclude<AffineCode, "int32">,
}));
export const rangeCases = json.ranges.map(({ x, ...expected }) => ({ x: Float32Array.from(x), ...expected }));
export const nf4Definition = json.nf4;
