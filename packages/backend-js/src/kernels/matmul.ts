/** matmul: both operands laid out as rows of K numbers, then every row of a with every row of b. */
import {
  broadcastStrides,
  type KernelRow,
  matmulSize,
  multiplier,
  requantizeSum,
  type Weights,
} from "@bitbudget/backend";
import { type DType, dtypes, elementCount } from "@bitbudget/core";
import { load, results, scalar, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { dot } from "./dot.ts";
import { floats, plainRows } from "./formats.ts";

const bytes = ["uint8", "int8"] as const;

const rows: readonly KernelRow[] = [
  ...plainRows(floats),
  ...bytes.flatMap((activation) =>
    bytes.flatMap((b) =>
      (["int32", "float32", ...bytes] as const).map((output) => ({
        activation,
        weight: `${b} tensor` as const,
        output,
        arithmetic: "native" as const,
      })),
    ),
  ),
];

export const matmul: JsKernel<"matmul"> = {
  rows,

  prepare(_, spec, weights) {
    const [a, b] = [spec.inputs[0]!, spec.inputs[1]!];
    const { transposeA = false, transposeB = false, output } = spec.attributes;
    const { batch, m, k, n } = matmulSize(spec);
    const type = { dtype: output, shape: [...batch, m, n] };
    const batches = elementCount(batch);
    const matricesOfA = broadcastStrides(a.shape.slice(0, -2), batch);
    const matricesOfB = broadcastStrides(b.shape.slice(0, -2), batch);
    const aZeroPoint = scalar(weights.aZeroPoint);
    const bZeroPoint = scalar(weights.bZeroPoint);
    const finish = finisher(a.dtype, output, weights);
    return {
      bytes: 0,
      run([aStorage, bStorage], [y]) {
        const aNumbers = load(aStorage!, a);
        const bNumbers = load(bStorage!, b);
        const out = results(y!, type);
        const aRows = new Float64Array(m * k);
        const bRows = new Float64Array(n * k);
        for (let i = 0, at = 0; i < batches; i++) {
          copyRows(aNumbers, matrixAt(i, batch, matricesOfA) * m * k, m, k, transposeA, aZeroPoint, aRows);
          copyRows(bNumbers, matrixAt(i, batch, matricesOfB) * n * k, n, k, !transposeB, bZeroPoint, bRows);
          for (let row = 0; row < m; row++)
            for (let column = 0; column < n; column++, at++)
              out[at] = finish(dot(aRows, row * k, bRows, column * k, k));
        }
        store(out, y!, type);
      },
    };
  },
};

/** Which matrix of an operand belongs to a batch, the operand's matrices being numbered by its own strides. */
function matrixAt(index: number, batch: readonly number[], strides: readonly number[]): number {
  let matrix = 0;
  for (let axis = batch.length - 1, rest = index; axis >= 0; axis--) {
    matrix += (rest % batch[axis]!) * strides[axis]!;
    rest = Math.floor(rest / batch[axis]!);
  }
  return matrix;
}

/** A matrix as `count` rows of `k` numbers, less the zero point. `across`: it is stored as k rows of `count`. */
function copyRows(
  from: Numbers,
  start: number,
  count: number,
  k: number,
  across: boolean,
  zeroPoint: number,
  to: Float64Array,
): void {
  const [rowStep, step] = across ? [1, count] : [k, 1];
  for (let row = 0, at = 0; row < count; row++)
    for (let i = 0; i < k; i++, at++) to[at] = from[start + row * rowStep + i * step]! - zeroPoint;
}

/** From a sum of products to an output. */
function finisher(input: DType, output: DType, weights: Weights<"matmul">): (sum: number) => number {
  if (dtypes[input].kind === "float") return (sum) => sum;
  if (output === "int32") return (sum) => sum | 0;
  const aScale = scalar(weights.aScale);
  const bScale = scalar(weights.bScale);
  const range = dtypes[output];
  if (range.kind === "float") {
    const scale = Math.fround(aScale * bScale);
    return (sum) => scale * (sum | 0);
  }
  const factor = multiplier(aScale, bScale, scalar(weights.outputScale));
  const zeroPoint = scalar(weights.outputZeroPoint);
  return (sum) => requantizeSum(sum | 0, factor, zeroPoint, range);
}
