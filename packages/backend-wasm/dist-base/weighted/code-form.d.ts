/**
 * How activations come into products of codes. The relaxed dot product takes bytes of one sign, which depends on the machine;
 * codes of the other sign become such by flipping their top bit, and their zero point moves along. Where it does not
 * take whole bytes, and in the plain SIMD build, activations are widened to 16 bits and lose their zero point.
 */
import { type DType } from "@bitbudget/core";
import type { DotOperand } from "../context.ts";
export type CodeForm = "unsigned" | "signed" | "wide";
export declare function codeForm(dot: DotOperand): CodeForm;
/** log2 of the bytes of an activation. */
export declare function formShift(form: CodeForm): 0 | 1;
/** What flipping the top bit adds to a code, or 0 where codes are what the form wants. */
export declare function flipOffset(form: CodeForm, dtype: DType): number;
/** The number that stands for 0 in the form, where the code `zeroPoint` does in the format. */
export declare function formZero(form: CodeForm, dtype: DType, zeroPoint: number): number;
//# sourceMappingURL=code-form.d.ts.map