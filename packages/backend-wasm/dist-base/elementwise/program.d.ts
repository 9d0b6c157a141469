import { type TensorType } from "@bitbudget/core";
import { type Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
/** Elements of one operand or result. Belongs to the builder that made it. */
export type Strip = Operand | Constant | Step;
interface Operand {
    readonly role: "operand";
    /** Which input of the kernel it is, or -1: it lies at `address`. */
    readonly source: number;
    readonly address: number;
    /** Of one element. */
    readonly bits: number;
    /** undefined: a table, which every strip sees as it is. */
    readonly shape: readonly number[] | undefined;
}
interface Constant {
    readonly role: "constant";
    /** 16 bytes. */
    readonly words: Int32Array;
}
interface Step {
    readonly role: "step";
    readonly kind: number;
    readonly fn: number;
    readonly of: readonly Strip[];
    readonly bits: number;
    readonly alpha: number;
    readonly beta: number;
}
export interface StepOptions {
    /** Bits of an element of the result. Default: 32. */
    readonly bits?: number;
    readonly alpha?: number;
    readonly beta?: number;
}
export declare class ProgramBuilder {
    #private;
    /** For a result of this type. Any shape with the same elements in the same order will do. */
    constructor(type: TensorType);
    /** An input of the kernel, which broadcasts to the shape of the result. */
    input(source: number, { dtype, shape }: TensorType): Strip;
    /** Numbers that the kernel has in its memory, broadcast likewise. */
    stored(address: number, bits: number, shape: readonly number[]): Strip;
    table(address: number): Strip;
    /** One number for all elements. */
    number(value: number): Strip;
    int32(value: number): Strip;
    int64(value: bigint): Strip;
    /** `kind` and `fn` are codes (src/codes.ts). */
    step(kind: number, fn: number, of: readonly Strip[], { bits, alpha, beta }?: StepOptions): Strip;
    /** The result is that of the last step. */
    build(context: Context, owned: Owned): Run;
}
export {};
//# sourceMappingURL=program.d.ts.map