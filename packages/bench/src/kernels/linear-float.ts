/** linear in float32: the baseline of everything that is quantized. */
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { floatSums } from "../compare.ts";
import { Random } from "../random.ts";
import { transposed } from "./numbers.ts";
import { oneOp } from "./one-op.ts";
import { type KernelCase, label, type OnnxRival, type TfjsRival } from "./problem.ts";

/** x [m, k] times w [n, k] transposed, as ONNX MatMul. */
export function matMulRival(m: number, k: number, n: number, x: Float32Array, w: Float32Array): OnnxRival {
  return {
    name: "MatMul",
    model: oneOp({
      nodes: [makeNode("MatMul", ["x", "w"], ["y"])],
      inputs: { x: { dtype: "float32", shape: [m, k] } },
      initializers: { w: tensor("float32", [k, n], transposed(w, n, k)) },
      output: { dtype: "float32", shape: [m, n] },
    }),
    feeds: { x: tensor("float32", [m, k], x) },
    values: ({ data }) => data as Float32Array,
    tolerance: floatSums,
  };
}

export function tfjsMatMul(m: number, k: number, n: number, x: Float32Array, w: Float32Array): TfjsRival {
  return {
    tolerance: floatSums,
    prepare(tf) {
      const weight = tf.tensor2d(transposed(w, n, k), [k, n]);
      return {
        run() {
          const input = tf.tensor2d(x, [m, k]);
          const y = tf.matMul(input, weight);
          input.dispose();
          return y;
        },
        release: () => weight.dispose(),
      };
    },
    values: (result) => result,
  };
}

function floatLinear(m: number, k: number, n: number): KernelCase {
  return {
    op: "linear",
    scheme: "float32",
    shape: label(m, k, n),
    build() {
      const random = new Random(m + k + n);
      const x = random.normal(m * k);
      const w = random.normal(n * k, k ** -0.5);
      return {
        spec: {
          op: "linear",
          inputs: [{ dtype: "float32", shape: [m, k] }],
          attributes: { channels: n, weight: { dtype: "float32" }, output: "float32" },
        },
        weights: { weight: tensor("float32", [n, k], w) },
        inputs: [tensor("float32", [m, k], x)],
        macs: m * k * n,
        values: ({ data }) => data as Float32Array,
        onnx: [matMulRival(m, k, n, x, w)],
        tfjs: tfjsMatMul(m, k, n, x, w),
      };
    },
  };
}

/** Rows, terms and channels: one token and many, of matrices that fit a cache and that do not. */
export const linearShapes: readonly (readonly [rows: number, terms: number, channels: number])[] = [
  [1, 1024, 4096],
  [1, 4096, 4096],
  [8, 1024, 1024],
  [16, 768, 3072],
  [128, 768, 768],
  [128, 768, 3072],
  [512, 512, 512],
];

export const floatLinearCases: readonly KernelCase[] = linearShapes.map((shape) => floatLinear(...shape));
