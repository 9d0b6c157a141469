/**
 * A quantization scheme is a value: plain, serializable data that says how real numbers become codes.
 * Two schemes that are deeply equal mean the same thing; a scheme is part of a kernel's cache key.
 */
import type { DType } from "./dtypes.ts";

/** Which elements share one scale (and zero point). Axes may be negative, counted from the end. */
export type Granularity =
  | { readonly kind: "tensor" }
  | { readonly kind: "channel"; readonly axis: number }
  /**
   * `size` consecutive elements along `axis` share a scale (ONNX QuantizeLinear `block_size`). A size that does not
   * divide the axis is an error unless `partial` is set; then the last block is shorter.
   */
  | { readonly kind: "block"; readonly axis: number; readonly size: number; readonly partial?: boolean };

/** How a code stands for a value. */
export type Mapping =
  /**
   * value = (code - zeroPoint) * scale, as in ONNX DequantizeLinear. Symmetric: the zero point is 0, or the middle of an
   * unsigned format (128 for uint8, as in MatMulNBits), and is not stored. Floats are symmetric: value = float * scale.
   */
  | { readonly kind: "affine"; readonly symmetric: boolean }
  /**
   * value = sign * scale * 2^(1 - |code|), code 0 is zero: power-of-two steps (Miyashita et al. 2016). Up to 8 bits;
   * an unsigned format has no negative values.
   */
  | { readonly kind: "log2" }
  /**
   * value = table[code] * scale, with scales that bring the data to [-1, 1]. NF4, for uint4, is that of QLoRA (Dettmers
   * et al. 2023); k-means, for unsigned formats of up to 8 bits, fits one table to the tensor.
   */
  | { readonly kind: "codebook"; readonly table: "nf4" | "kmeans" };

/** How scales are stored. With `super`, scales are themselves quantized to their format (QLoRA's double quantization). */
export interface ScaleFormat {
  /** float32, or a narrower float; with `super`, a float or an integer of at most 8 bits. */
  readonly dtype: DType;
  /** `size` consecutive scales share one float32 scale; without a size, all scales of the tensor do (NVFP4). */
  readonly super?: { readonly size?: number };
}

export interface Scheme {
  /** Format of the codes. */
  readonly dtype: DType;
  readonly granularity: Granularity;
  readonly mapping: Mapping;
  /** Default: float32, one level. */
  readonly scale?: ScaleFormat;
}
