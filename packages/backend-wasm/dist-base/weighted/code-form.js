/**
 * How activations come into products of codes. The relaxed dot product takes bytes of one sign, which depends on the machine;
 * codes of the other sign become such by flipping their top bit, and their zero point moves along. Where it does not
 * take whole bytes, and in the plain SIMD build, activations are widened to 16 bits and lose their zero point.
 */
import { dtypes } from "@bitbudget/core";
export function codeForm(dot) {
    return dot === "seven" ? "wide" : dot;
}
/** log2 of the bytes of an activation. */
export function formShift(form) {
    return form === "wide" ? 1 : 0;
}
/** What flipping the top bit adds to a code, or 0 where codes are what the form wants. */
export function flipOffset(form, dtype) {
    const { min } = dtypes[dtype];
    if (form === "unsigned")
        return min < 0 ? 128 : 0;
    return form === "signed" && min === 0 ? -128 : 0;
}
/** The number that stands for 0 in the form, where the code `zeroPoint` does in the format. */
export function formZero(form, dtype, zeroPoint) {
    return form === "wide" ? 0 : zeroPoint + flipOffset(form, dtype);
}
//# sourceMappingURL=code-form.js.map