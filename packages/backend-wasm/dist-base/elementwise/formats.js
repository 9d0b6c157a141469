/** Strips brought from the format of a tensor to one to compute in, and back. */
import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
/** The codes of formats that strips are brought from and to. */
export const formatCodes = {
    float32: code.FLOAT32,
    float16: code.FLOAT16,
    bfloat16: code.BFLOAT16,
    float64: code.FLOAT64,
    int8: code.INT8,
    uint8: code.UINT8,
    int16: code.INT16,
    uint16: code.UINT16,
    int32: code.INT32,
    uint32: code.UINT32,
    int64: code.INT64,
    uint64: code.UINT64,
    bool: code.BOOL,
    int4: code.INT4,
    uint4: code.UINT4,
    int2: code.INT2,
    uint2: code.UINT2,
};
export const integers = [
    ...["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"],
];
/** Floats that are computed in float32. */
export const floats = ["float32", "float16", "bfloat16"];
export const packedCodes = ["int4", "uint4", "int2", "uint2"];
/** @throws Error for a format that no row of a kernel names */
export function formatCode(dtype) {
    const format = formatCodes[dtype];
    if (format === undefined)
        throw new Error(`strips of ${dtype} are not brought to other formats`);
    return format;
}
/** The format in which a code of less than a byte takes one. */
export function unpackedFormat(dtype) {
    if (dtypes[dtype].bits >= 8)
        return dtype;
    return dtypes[dtype].min < 0 ? "int8" : "uint8";
}
/** Codes of less than a byte in one byte each; others as they are. */
export function unpacked(program, strip, dtype) {
    return dtypes[dtype].bits >= 8 ? strip : program.step(code.UNPACK, formatCode(dtype), [strip], { bits: 8 });
}
export function packed(program, strip, dtype) {
    const { bits } = dtypes[dtype];
    return bits >= 8 ? strip : program.step(code.PACK, formatCode(dtype), [strip], { bits });
}
/** Float32 from any format; what float32 does not have is rounded. */
export function toFloat32(program, strip, dtype) {
    if (dtype === "float32")
        return strip;
    const from = formatCode(unpackedFormat(dtype));
    return program.step(code.DECODE, from, [unpacked(program, strip, dtype)]);
}
/** Any format from float32. */
export function fromFloat32(program, strip, dtype) {
    if (dtype === "float32")
        return strip;
    const { bits, min, max } = dtypes[dtype];
    if (bits >= 8)
        return program.step(code.ENCODE, formatCode(dtype), [strip], { bits });
    const inside = program.step(code.UNARY, code.CLIP, [strip], { alpha: min, beta: max });
    const bytes = program.step(code.ENCODE, formatCode(unpackedFormat(dtype)), [inside], { bits: 8 });
    return packed(program, bytes, dtype);
}
/** Int64, or the bits of uint64, from integers and bool. */
export function toInt64(program, strip, dtype) {
    if (dtypes[dtype].bits === 64)
        return strip;
    const from = formatCode(unpackedFormat(dtype));
    return program.step(code.DECODE_INTEGER, from, [unpacked(program, strip, dtype)], { bits: 64 });
}
/** Integers from the low bits of int64; bool from whether it is 0. */
export function fromInt64(program, strip, dtype) {
    const { bits } = dtypes[dtype];
    if (bits === 64)
        return strip;
    const to = formatCode(unpackedFormat(dtype));
    const wide = program.step(code.ENCODE_INTEGER, to, [strip], { bits: Math.max(8, bits) });
    return packed(program, wide, dtype);
}
//# sourceMappingURL=formats.js.map