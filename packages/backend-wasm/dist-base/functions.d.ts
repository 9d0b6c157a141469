/** Functions of one number as the kernels know them: a code and two parameters (assembly/unary.ts). */
import type { UnaryFunction } from "@bitbudget/backend";
export interface FunctionCode {
    readonly fn: number;
    readonly alpha: number;
    readonly beta: number;
}
/** The code of a function of floats, or undefined for one that there is no kernel for. */
export declare function functionCode(value: UnaryFunction | undefined): FunctionCode | undefined;
//# sourceMappingURL=functions.d.ts.map