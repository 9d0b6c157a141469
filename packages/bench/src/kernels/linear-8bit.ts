/** linear on 8-bit codes: static uint8 activations as in QLinearMatMul, and activations that are quantized on the fly. */
import { type HostTensor, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { Random } from "../random.ts";
import { linearShapes, matMulRival } from "./linear-float.ts";
import { decoded, transposed } from "./numbers.ts";
import { oneOp } from "./one-op.ts";
import { type KernelCase, label, type OnnxRival } from "./problem.ts";

/** Activations of a standard deviation of 40 codes around 128; results of about 1, of which 3.2 fit. */
const X_SCALE = 0.02;
const X_ZERO = 128;
const Y_SCALE = 0.025;
const Y_ZERO = 128;

interface Codes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly x: Uint8Array;
  /** [n, k], with a scale for each of n. */
  readonly w: Int8Array;
  readonly scale: Float32Array;
}

function codesOf(m: number, k: number, n: number): Codes {
  const random = new Random(m + k + n);
  const scale = random.normal(n, 0.1, 1).map((x) => (x / 40) * k ** -0.5);
  return { m, k, n, x: random.uint8(m * k), w: random.int8(n * k), scale };
}

const one = tensor("float32", [1], [1]).data;

function qLinearMatMul({ m, k, n, x, w, scale }: Codes): OnnxRival {
  return {
    name: "QLinearMatMul",
    model: oneOp({
      nodes: [makeNode("QLinearMatMul", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"])],
      inputs: { x: { dtype: "uint8", shape: [m, k] } },
      initializers: {
        xs: tensor("float32", [], [X_SCALE]),
        xz: tensor("uint8", [], [X_ZERO]),
        w: tensor("int8", [k, n], transposed(w, n, k)),
        ws: tensor("float32", [n], scale),
        wz: tensor("int8", [n]),
        ys: tensor("float32", [], [Y_SCALE]),
        yz: tensor("uint8", [], [Y_ZERO]),
      },
      output: { dtype: "uint8", shape: [m, n] },
    }),
    feeds: { x: tensor("uint8", [m, k], x) },
    values: requantized,
    // One code, where a tie was rounded after another order of multiplications.
    tolerance: { max: 0.05, rms: 2e-3 },
  };
}

function requantized({ data }: HostTensor): Float32Array {
  return Float32Array.from(data as Uint8Array, (code) => (code - Y_ZERO) * Y_SCALE);
}

/** Raw sums: less work than ours, which also brings them to 8 bits. */
function matMulInteger({ m, k, n, x, w, scale }: Codes): OnnxRival {
  return {
    name: "MatMulInteger",
    model: oneOp({
      nodes: [makeNode("MatMulInteger", ["x", "w", "xz"], ["y"])],
      inputs: { x: { dtype: "uint8", shape: [m, k] } },
      initializers: { w: tensor("int8", [k, n], transposed(w, n, k)), xz: tensor("uint8", [], [X_ZERO]) },
      output: { dtype: "int32", shape: [m, n] },
    }),
    feeds: { x: tensor("uint8", [m, k], x) },
    values: ({ data }) =>
      Float32Array.from(data as Int32Array, (sum, i) => clip(sum * X_SCALE * scale[i % n]!)),
    // Ours are rounded to codes.
    tolerance: { rms: 0.02 },
  };
}

/** The range of the codes of a result. */
function clip(x: number): number {
  return Math.min((255 - Y_ZERO) * Y_SCALE, Math.max(-Y_ZERO * Y_SCALE, x));
}

function staticLinear(m: number, k: number, n: number): KernelCase {
  return {
    op: "linear",
    scheme: "uint8 x int8",
    shape: label(m, k, n),
    build() {
      const codes = codesOf(m, k, n);
      const { x, w, scale } = codes;
      const float = matMulRival(
        m,
        k,
        n,
        decoded(x, one, x.length, X_ZERO).map((v) => v * X_SCALE),
        decoded(w, scale, k),
      );
      return {
        spec: {
          op: "linear",
          inputs: [{ dtype: "uint8", shape: [m, k] }],
          attributes: {
            channels: n,
            weight: { dtype: "int8", granularity: { kind: "channel" } },
            output: "uint8",
          },
        },
        weights: {
          weight: tensor("int8", [n, k], w),
          scale: tensor("float32", [n], scale),
          inputScale: tensor("float32", [], [X_SCALE]),
          inputZeroPoint: tensor("uint8", [], [X_ZERO]),
          outputScale: tensor("float32", [], [Y_SCALE]),
          outputZeroPoint: tensor("uint8", [], [Y_ZERO]),
        },
        inputs: [tensor("uint8", [m, k], x)],
        macs: m * k * n,
        values: requantized,
        onnx: [
          qLinearMatMul(codes),
          matMulInteger(codes),
          {
            ...float,
            name: "float32 MatMul",
            values: ({ data }) => (data as Float32Array).map(clip),
            tolerance: { rms: 0.02 },
          },
        ],
      };
    },
  };
}

/** Float activations that become uint8 inside of the kernel: com.microsoft DynamicQuantizeMatMul. */
function dynamicLinear(m: number, k: number, n: number): KernelCase {
  return {
    op: "linear",
    scheme: "dynamic uint8 x int8",
    shape: label(m, k, n),
    build() {
      const { w, scale } = codesOf(m, k, n);
      const x = tensor("float32", [m, k], new Random(k).normal(m * k));
      return {
        spec: {
          op: "linear",
          inputs: [{ dtype: "float32", shape: [m, k] }],
          attributes: {
            channels: n,
            weight: { dtype: "int8", granularity: { kind: "channel" } },
            output: "float32",
            dynamic: { dtype: "uint8", granularity: "tensor" },
          },
        },
        weights: { weight: tensor("int8", [n, k], w), scale: tensor("float32", [n], scale) },
        inputs: [x],
        macs: m * k * n,
        values: ({ data }) => data as Float32Array,
        onnx: [
          {
            name: "DynamicQuantizeMatMul",
            model: oneOp({
              nodes: [
                makeNode("DynamicQuantizeMatMul", ["x", "w", "ws"], ["y"], { domain: "com.microsoft" }),
              ],
              inputs: { x: { dtype: "float32", shape: [m, k] } },
              initializers: {
                w: tensor("int8", [k, n], transposed(w, n, k)),
                ws: tensor("float32", [n], scale),
              },
              output: { dtype: "float32", shape: [m, n] },
            }),
            feeds: { x },
            values: ({ data }) => data as Float32Array,
            // A code of the activations may be rounded the other way.
            tolerance: { rms: 2e-3 },
          },
        ],
      };
    },
  };
}

export const bytesLinearCases: readonly KernelCase[] = [
  ...linearShapes.map((shape) => staticLinear(...shape)),
  dynamicLinear(1, 1024, 4096),
  dynamicLinear(128, 768, 768),
];
