/** Windows of pools, which pool2d and its gradient are held to. */
import type { Pool2dAttributes } from "@bitbudget/backend";

export interface PoolGeometry extends Omit<Pool2dAttributes, "kind" | "layout"> {
  readonly name: string;
  /** Batch, channels, height, width. */
  readonly image: readonly [number, number, number, number];
}

export const plain = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const;
export const poolGeometries: readonly PoolGeometry[] = [
  { name: "1x1", image: [1, 2, 3, 3], kernel: [1, 1], ...plain },
  { name: "2x2-stride2", image: [2, 3, 4, 6], kernel: [2, 2], ...plain, strides: [2, 2] },
  { name: "2x2-stride2-rest", image: [1, 3, 5, 17], kernel: [2, 2], ...plain, strides: [2, 2] },
  { name: "3x3-same", image: [2, 5, 4, 9], kernel: [3, 3], ...plain, pads: [1, 1, 1, 1] },
  {
    name: "3x3-stride2",
    image: [1, 4, 8, 8],
    kernel: [3, 3],
    ...plain,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  {
    name: "3x3-stride2-asymmetric",
    image: [1, 3, 6, 7],
    kernel: [3, 3],
    ...plain,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  },
  { name: "3x2-dilated", image: [1, 2, 7, 6], kernel: [3, 2], ...plain, dilations: [2, 3] },
  { name: "2x3-stride3x2", image: [1, 2, 8, 7], kernel: [2, 3], ...plain, strides: [3, 2] },
  { name: "1x5", image: [1, 2, 2, 9], kernel: [1, 5], ...plain, pads: [0, 2, 0, 2] },
  { name: "global", image: [2, 9, 7, 7], kernel: [7, 7], ...plain },
  { name: "3x3-ceil", image: [1, 3, 6, 6], kernel: [3, 3], ...plain, strides: [2, 2], ceil: true },
  {
    name: "2x2-ceil-padded",
    image: [1, 1, 4, 5],
    kernel: [2, 2],
    ...plain,
    strides: [3, 3],
    pads: [1, 1, 1, 1],
    ceil: true,
  },
  { name: "empty-batch", image: [0, 2, 3, 3], kernel: [2, 2], ...plain },
];
