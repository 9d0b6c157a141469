/**
 * A quantization scheme is a value: plain, serializable data that says how real numbers become codes.
 * Two schemes that are deeply equal mean the same thing; a scheme is part of a kernel's cache key.
 */
import type { DType } from "./dtypes.ts";

/** Which elements share one scale (and zero point, or codebook). Axes may be negative, counted from the end. */
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
  /** value = (code - zeroPoint) * scale, as in ONNX DequantizeLinear. Symmetric: the zero point is 0. */
  | { readonly kind: "affine"; readonly symmetric: boolean }
  /** value = sign * scale * 2^(1 - |code|), code 0 is zero: power-of-two steps (Miyashita et al. 2016). */
  | { readonly kind: "log2" }
  /** value = table[code] * scale; NF4 is that of QLoRA (Dettmers et al. 2023), k-means fits a table to the data. */
  | { readonly kind: "codebook"; readonly table: "nf4" | "kmeans" };

/** How scales are stored. With `super`, scales are themselves codes of a second level (QLoRA's double quantization). */
export interface ScaleFormat {
  readonly dtype: DType;
  /** `size` consecutive scales share one float32 scale. */
  readonly super?: { readonly size: number };
}

export interface Scheme {
  /** Format of the codes. */
  readonly dtype: DType;
  readonly granularity: Granularity;
  readonly mapping: Mapping;
  /** Default: float32, one level. */
  readonly scale?: ScaleFormat;
}
