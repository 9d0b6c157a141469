/** Which matrices of a matmul meet, and how they lie. */
import { broadcastStrides, matmulSize } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
/** @param swaps whether a column may be multiplied as a row, with the operands swapped */
export function matmulPlan(spec, swaps) {
    const [aShape, bShape] = [spec.inputs[0].shape, spec.inputs[1].shape];
    const { transposeA = false, transposeB = false } = spec.attributes;
    const { batch, m, k, n } = matmulSize(spec);
    const ofA = matrixNumbers(aShape, batch);
    const ofB = matrixNumbers(bShape, batch);
    const matrices = ofA.map((matrix, i) => [matrix, ofB[i]]);
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
function matrixNumbers(shape, batch) {
    let numbers = [0];
    for (const [axis, stride] of broadcastStrides(shape.slice(0, -2), batch).entries())
        numbers = numbers.flatMap((start) => Array.from({ length: batch[axis] }, (_, i) => start + i * stride));
    return numbers;
}
//# sourceMappingURL=plan.js.map