/** float32 matmul: which matrices meet, and how they lie. */
import { broadcastStrides, type KernelSpec, matmulSize } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";

/** A product as the kernel does it: rows of a with columns of b, or with its rows. */
interface Plan {
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

export function compileFloatMatmul(context: Context, spec: KernelSpec<"matmul">, owned: Owned): Run {
  const { m, k, n, a, b, turnA, bByRows, matrices } = plan(spec);
  const offsets = owned.store(
    Uint32Array.from(matrices.flatMap(([ofA, ofB]) => [ofA * m * k * 4, ofB * n * k * 4])),
  );
  const panels = Math.ceil(n / 8);
  const zeros = owned.allocate(panels * 32);
  const aRows = m * elementCount(spec.inputs[a]!.shape.slice(0, -2));
  const turned = turnA ? owned.workspace(aRows * k * 4) : undefined;
  const total = matrices.length * panels;
  const work = matrices.length * m * k * n;
  return (inputs, [y]) => {
    let from = inputs[a]!;
    if (turned !== undefined) {
      const to = turned();
      context.run("transposeMatrices", aRows, aRows * k, from, to, k, m, 2);
      from = to;
    }
    context.run("matmulF32", total, work, from, inputs[b]!, y!, offsets, zeros, m, k, n, bByRows ? 1 : 0);
  };
}

function plan(spec: KernelSpec<"matmul">): Plan {
  const [aShape, bShape] = [spec.inputs[0]!.shape, spec.inputs[1]!.shape];
  const { transposeA = false, transposeB = false } = spec.attributes;
  const { batch, m, k, n } = matmulSize(spec);
  const ofA = matrixNumbers(aShape, batch);
  const ofB = matrixNumbers(bShape, batch);
  const matrices = ofA.map((matrix, i) => [matrix, ofB[i]!] as const);
  // A column has the same memory as a row, and times rows of a it needs no packing.
  if (n === 1 && m > 1)
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
