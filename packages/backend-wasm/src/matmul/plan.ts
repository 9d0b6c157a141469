/** Which matrices of a matmul meet, and how they lie. */
import { broadcastStrides, type KernelSpec, matmulSize } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";

/** A product as the kernel does it: rows of a with columns of b, or with its rows. */
export interface MatmulPlan {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Indices of the inputs. */
  readonly a: number;
  readonly b: number;
  /** a is stored as [k, m] and has to be turned. */
  readonly turnA: boolean;
  /** b is stored as [n, k]. */
  readonly bByRows: boolean;
  /** For each of the batch, the matrix of a and that of b. */
  readonly matrices: readonly (readonly [a: number, b: number])[];
}

/** @param swaps whether a column may be multiplied as a row, with the operands swapped */
export function matmulPlan(spec: KernelSpec<"matmul">, swaps: boolean): MatmulPlan {
  const [aShape, bShape] = [spec.inputs[0]!.shape, spec.inputs[1]!.shape];
  const { transposeA = false, transposeB = false } = spec.attributes;
  const { batch, m, k, n } = matmulSize(spec);
  const ofA = matrixNumbers(aShape, batch);
  const ofB = matrixNumbers(bShape, batch);
  const matrices = ofA.map((matrix, i) => [matrix, ofB[i]!] as const);
  // A column has the same memory as a row, and times rows of a it needs no packing.
  if (swaps && n === 1 && m > 1)
    return {
      ...{ m: 1, k, n: m, a: 1, b: 0, turnA: false, bByRows: !transposeA },
      matrices: matrices.map(([left, right]) => [right, left]),
    };
  const plain = { k, n, a: 0, b: 1, turnA: transposeA && m > 1, bByRows: transposeB };
  // One matrix for all: the batch is nothing but more rows.
  const joined = !plain.turnA && elementCount(bShape.slice(0, -2)) === 1;
  return joined && matrices.length > 0
    ? { ...plain, m: m * matrices.length, matrices: [[0, 0]] }
    : { ...plain, m, matrices };
}

/** The operand's matrix for each of the batch, in the order in which they lie. */
function matrixNumbers(shape: readonly number[], batch: readonly number[]): number[] {
  let numbers = [0];
  for (const [axis, stride] of broadcastStrides(shape.slice(0, -2), batch).entries())
    numbers = numbers.flatMap((start) => Array.from({ length: batch[axis]! }, (_, i) => start + i * stride));
  return numbers;
}
