/** Strips brought from the format of a tensor to one to compute in, and back. */
import { type DType } from "@bitbudget/core";
import type { ProgramBuilder, Strip } from "./program.ts";
/** The codes of formats that strips are brought from and to. */
export declare const formatCodes: {
    readonly [D in DType]?: number;
};
export declare const integers: ("int16" | "int32" | "int64" | "int8" | "uint16" | "uint32" | "uint64" | "uint8")[];
/** Floats that are computed in float32. */
export declare const floats: readonly ["float32", "float16", "bfloat16"];
export declare const packedCodes: readonly ["int4", "uint4", "int2", "uint2"];
/** @throws Error for a format that no row of a kernel names */
export declare function formatCode(dtype: DType): number;
/** The format in which a code of less than a byte takes one. */
export declare function unpackedFormat(dtype: DType): DType;
/** Codes of less than a byte in one byte each; others as they are. */
export declare function unpacked(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
export declare function packed(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
/** Float32 from any format; what float32 does not have is rounded. */
export declare function toFloat32(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
/** Any format from float32. */
export declare function fromFloat32(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
/** Int64, or the bits of uint64, from integers and bool. */
export declare function toInt64(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
/** Integers from the low bits of int64; bool from whether it is 0. */
export declare function fromInt64(program: ProgramBuilder, strip: Strip, dtype: DType): Strip;
//# sourceMappingURL=formats.d.ts.map