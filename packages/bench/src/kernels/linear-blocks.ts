/** linear with weights of 4 and 2 bits in blocks of 32, as MatMulNBits has them: what language models are made of. */
import { pack, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { Random } from "../random.ts";
import { matMulRival } from "./linear-float.ts";
import { decoded } from "./numbers.ts";
import { oneOp } from "./one-op.ts";
import { type KernelCase, label, type OnnxRival } from "./problem.ts";

const BLOCK = 32;

interface Codes {
  readonly bits: 2 | 4;
  readonly packed: Uint8Array;
  readonly scale: Float32Array;
  readonly numbers: Float32Array;
}

function codesOf(bits: 2 | 4, k: number, n: number): Codes {
  const random = new Random(k + n + bits);
  const middle = 2 ** (bits - 1);
  const deviation = middle / 3;
  const codes = random.uint8(n * k, deviation, middle, 0, 2 * middle - 1);
  const scale = random.normal((n * k) / BLOCK, 0.1, 1).map((x) => (x / deviation) * k ** -0.5);
  return { bits, packed: pack(codes, bits), scale, numbers: decoded(codes, scale, BLOCK, middle) };
}

/** @param level accuracy_level: 4 allows activations to be quantized to int8 */
function matMulNBits(
  m: number,
  k: number,
  n: number,
  x: Float32Array,
  codes: Codes,
  level: 0 | 4,
): OnnxRival {
  const { bits, packed, scale } = codes;
  const attributes = {
    K: BigInt(k),
    N: BigInt(n),
    bits: BigInt(bits),
    block_size: BigInt(BLOCK),
    accuracy_level: BigInt(level),
  };
  return {
    name: "MatMulNBits",
    model: oneOp({
      nodes: [makeNode("MatMulNBits", ["x", "w", "ws"], ["y"], { domain: "com.microsoft", attributes })],
      inputs: { x: { dtype: "float32", shape: [m, k] } },
      initializers: {
        w: tensor("uint8", [n, k / BLOCK, (BLOCK * bits) / 8], packed),
        ws: tensor("float32", [n * (k / BLOCK)], scale),
      },
      output: { dtype: "float32", shape: [m, n] },
    }),
    feeds: { x: tensor("float32", [m, k], x) },
    values: ({ data }) => data as Float32Array,
    // Activations as int8 add noise of about 1 percent, on one side or on both.
    tolerance: level === 4 ? { rms: 0.03 } : { max: 1e-3 },
  };
}

function blockLinear(bits: 2 | 4, dynamic: boolean, m: number, k: number, n: number): KernelCase {
  return {
    op: "linear",
    scheme: `${dynamic ? "dynamic int8" : "float32"} x uint${bits} block ${BLOCK}`,
    shape: label(m, k, n),
    build() {
      const codes = codesOf(bits, k, n);
      const dtype = bits === 4 ? "uint4" : "uint2";
      const zeros = new Uint8Array((n * k) / BLOCK).fill(2 ** (bits - 1));
      const x = new Random(k).normal(m * k);
      const nBits = matMulNBits(m, k, n, x, codes, dynamic ? 4 : 0);
      const float = matMulRival(m, k, n, x, codes.numbers);
      return {
        spec: {
          op: "linear",
          inputs: [{ dtype: "float32", shape: [m, k] }],
          attributes: {
            channels: n,
            weight: { dtype, granularity: { kind: "block", size: BLOCK }, zeroPoint: true },
            output: "float32",
            ...(dynamic && { dynamic: { dtype: "int8", granularity: "block" } }),
          },
        },
        weights: {
          weight: tensor(dtype, [n, k], codes.packed),
          scale: tensor("float32", [n, k / BLOCK], codes.scale),
          zeroPoint: tensor(dtype, [n, k / BLOCK], pack(zeros, bits)),
        },
        inputs: [tensor("float32", [m, k], x)],
        macs: m * k * n,
        values: ({ data }) => data as Float32Array,
        onnx: [nBits, { ...float, name: "float32 MatMul", tolerance: nBits.tolerance }],
      };
    },
  };
}

export const blockLinearCases: readonly KernelCase[] = [
  ...[false, true].flatMap((dynamic) => [
    blockLinear(4, dynamic, 1, 4096, 4096),
    blockLinear(4, dynamic, 1, 896, 4864),
    blockLinear(4, dynamic, 16, 896, 4864),
    blockLinear(4, dynamic, 128, 2048, 2048),
    blockLinear(2, dynamic, 1, 4096, 4096),
  ]),
];
