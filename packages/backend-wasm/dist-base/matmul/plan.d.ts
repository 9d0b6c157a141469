/** Which matrices of a matmul meet, and how they lie. */
import { type KernelSpec } from "@bitbudget/backend";
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
export declare function matmulPlan(spec: KernelSpec<"matmul">, swaps: boolean): MatmulPlan;
//# sourceMappingURL=plan.d.ts.map