/**
 * Numbers by which kernels know functions, formats and steps. Both languages read this file: the host by importing it,
 * the kernels (assembly/) by compiling it, which is why it has nothing but constants.
 */

// Functions of one number. IDENTITY is 0: a product without an activation.
export const IDENTITY = 0;
export const RELU = 1;
export const CLIP = 2;
/** A clip whose bounds are zeros of a sign that CLIP does not tell apart. */
export const CLIP_ZEROS = 3;
export const ABS = 4;
export const NEG = 5;
export const SIGN = 6;
export const FLOOR = 7;
export const CEIL = 8;
export const ROUND = 9;
export const IS_NAN = 10;
export const IS_INF = 11;
export const SQRT = 12;
export const RECIPROCAL = 13;
export const EXP = 14;
export const LOG = 15;
export const TANH = 16;
export const ERF = 17;
export const SIGMOID = 18;
export const SOFTPLUS = 19;
export const SOFTSIGN = 20;
export const MISH = 21;
export const HARD_SWISH = 22;
export const HARD_SIGMOID = 23;
export const LEAKY_RELU = 24;
export const ELU = 25;
export const CELU = 26;
export const SELU = 27;
export const THRESHOLDED_RELU = 28;
export const SWISH = 29;
export const SHRINK = 30;
export const GELU = 31;
export const GELU_TANH = 32;
export const SIN = 33;
export const COS = 34;
export const TAN = 35;
export const ASIN = 36;
export const ACOS = 37;
export const ATAN = 38;
export const SINH = 39;
export const COSH = 40;
export const ASINH = 41;
export const ACOSH = 42;
export const ATANH = 43;
export const WITHIN = 44;

// Functions of two numbers.
export const ADD = 0;
export const SUB = 1;
export const MUL = 2;
export const DIV = 3;
export const POW = 4;
export const MIN = 5;
export const MAX = 6;
export const MOD = 7;
export const FMOD = 8;
export const PRELU = 9;
export const EQUAL = 10;
export const LESS = 11;
export const LESS_OR_EQUAL = 12;
// Of integers alone.
export const AND = 13;
export const OR = 14;
export const XOR = 15;
export const SHIFT_LEFT = 16;
export const SHIFT_RIGHT = 17;

// Formats, as far as elements are brought from one to another.
export const FLOAT32 = 0;
export const FLOAT16 = 1;
export const BFLOAT16 = 2;
export const FLOAT64 = 3;
export const INT8 = 4;
export const UINT8 = 5;
export const INT16 = 6;
export const UINT16 = 7;
export const INT32 = 8;
export const UINT32 = 9;
export const INT64 = 10;
export const UINT64 = 11;
export const BOOL = 12;
export const INT4 = 13;
export const UINT4 = 14;
export const INT2 = 15;
export const UINT2 = 16;

// What a step of a program does (assembly/program.as). Operands and results are strips of elements.
/** Float32 from a format, and a format from float32. */
export const DECODE = 0;
export const ENCODE = 1;
/** The same with int64, and with float64. */
export const DECODE_INTEGER = 2;
export const ENCODE_INTEGER = 3;
export const DECODE_DOUBLE = 4;
export const ENCODE_DOUBLE = 5;
/** Bytes from codes of less than a byte, and back. */
export const UNPACK = 6;
export const PACK = 7;
export const UNARY = 8;
export const BINARY = 9;
/** A function of two int64, and of two uint64. */
export const BINARY_SIGNED = 10;
export const BINARY_UNSIGNED = 11;
export const QUANTIZE = 12;
export const DEQUANTIZE = 13;
export const WHERE = 14;
export const LOOKUP = 15;
export const COPY = 16;
/** dequantize, dequantize, add and quantize in one. */
export const SUM_OF_CODES = 17;

/** Elements up to whose multiple a step may compute more than it is asked to: strips have room for them. */
export const STRIP_ALIGNMENT = 16;
