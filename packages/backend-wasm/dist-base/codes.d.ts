/**
 * Numbers by which kernels know functions, formats and steps. Both languages read this file: the host by importing it,
 * the kernels (assembly/) by compiling it, which is why it has nothing but constants.
 */
export declare const IDENTITY = 0;
export declare const RELU = 1;
export declare const CLIP = 2;
/** A clip whose bounds are zeros of a sign that CLIP does not tell apart. */
export declare const CLIP_ZEROS = 3;
export declare const ABS = 4;
export declare const NEG = 5;
export declare const SIGN = 6;
export declare const FLOOR = 7;
export declare const CEIL = 8;
export declare const ROUND = 9;
export declare const IS_NAN = 10;
export declare const IS_INF = 11;
export declare const SQRT = 12;
export declare const RECIPROCAL = 13;
export declare const EXP = 14;
export declare const LOG = 15;
export declare const TANH = 16;
export declare const ERF = 17;
export declare const SIGMOID = 18;
export declare const SOFTPLUS = 19;
export declare const SOFTSIGN = 20;
export declare const MISH = 21;
export declare const HARD_SWISH = 22;
export declare const HARD_SIGMOID = 23;
export declare const LEAKY_RELU = 24;
export declare const ELU = 25;
export declare const CELU = 26;
export declare const SELU = 27;
export declare const THRESHOLDED_RELU = 28;
export declare const SWISH = 29;
export declare const SHRINK = 30;
export declare const GELU = 31;
export declare const GELU_TANH = 32;
export declare const SIN = 33;
export declare const COS = 34;
export declare const TAN = 35;
export declare const ASIN = 36;
export declare const ACOS = 37;
export declare const ATAN = 38;
export declare const SINH = 39;
export declare const COSH = 40;
export declare const ASINH = 41;
export declare const ACOSH = 42;
export declare const ATANH = 43;
export declare const ADD = 0;
export declare const SUB = 1;
export declare const MUL = 2;
export declare const DIV = 3;
export declare const POW = 4;
export declare const MIN = 5;
export declare const MAX = 6;
export declare const MOD = 7;
export declare const FMOD = 8;
export declare const PRELU = 9;
export declare const EQUAL = 10;
export declare const LESS = 11;
export declare const LESS_OR_EQUAL = 12;
export declare const AND = 13;
export declare const OR = 14;
export declare const XOR = 15;
export declare const SHIFT_LEFT = 16;
export declare const SHIFT_RIGHT = 17;
export declare const FLOAT32 = 0;
export declare const FLOAT16 = 1;
export declare const BFLOAT16 = 2;
export declare const FLOAT64 = 3;
export declare const INT8 = 4;
export declare const UINT8 = 5;
export declare const INT16 = 6;
export declare const UINT16 = 7;
export declare const INT32 = 8;
export declare const UINT32 = 9;
export declare const INT64 = 10;
export declare const UINT64 = 11;
export declare const BOOL = 12;
export declare const INT4 = 13;
export declare const UINT4 = 14;
export declare const INT2 = 15;
export declare const UINT2 = 16;
/** Float32 from a format, and a format from float32. */
export declare const DECODE = 0;
export declare const ENCODE = 1;
/** The same with int64, and with float64. */
export declare const DECODE_INTEGER = 2;
export declare const ENCODE_INTEGER = 3;
export declare const DECODE_DOUBLE = 4;
export declare const ENCODE_DOUBLE = 5;
/** Bytes from codes of less than a byte, and back. */
export declare const UNPACK = 6;
export declare const PACK = 7;
export declare const UNARY = 8;
export declare const BINARY = 9;
/** A function of two int64, and of two uint64. */
export declare const BINARY_SIGNED = 10;
export declare const BINARY_UNSIGNED = 11;
export declare const QUANTIZE = 12;
export declare const DEQUANTIZE = 13;
export declare const WHERE = 14;
export declare const LOOKUP = 15;
export declare const COPY = 16;
/** Elements up to whose multiple a step may compute more than it is asked to: strips have room for them. */
export declare const STRIP_ALIGNMENT = 16;
//# sourceMappingURL=codes.d.ts.map