/** The tables of the nonlinear mappings, value = table[code] * scale: log2 and codebooks are nothing else. */
import { type DType, dtypes } from "../dtypes.ts";

/**
 * NF4 (Dettmers et al. 2023, QLoRA, appendix E): 16 quantiles of the normal distribution, with an exact zero, scaled to
 * [-1, 1]. Code 0 is -1 and code 15 is 1.
 */
export const nf4: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/** Values of the log2 mapping by code, unsigned as stored: 0, 1, 1/2, 1/4 and so on, for negative codes negative. */
export function log2Table(dtype: DType): number[] {
  const { bits, max } = dtypes[dtype];
  return Array.from({ length: 2 ** bits }, (_, stored) => {
    const code = stored > max ? stored - 2 ** bits : stored;
    return code === 0 ? 0 : code > 0 ? 2 ** (1 - code) : -(2 ** (1 + code));
  });
}
