/** What the tests of quantize share: short forms of schemes, and a tensor with the groups of its elements. */
import { decodeArray, type Granularity, type Quantized } from "../../src/index.ts";
import { groupOfEach } from "./naive.ts";
import { normal } from "./random.ts";

export const tensor: Granularity = { kind: "tensor" };
export const affine = (symmetric: boolean) => ({ kind: "affine", symmetric }) as const;

/** Codes one to an element. */
export function codesOf({ codes, scheme, shape }: Quantized): number[] {
  return Array.from(
    decodeArray(
      scheme.dtype,
      codes,
      shape.reduce((a, b) => a * b, 1),
    ),
  );
}

export const granularities: Granularity[] = [
  tensor,
  { kind: "channel", axis: 0 },
  { kind: "channel", axis: 2 },
  { kind: "block", axis: 1, size: 4 },
  { kind: "block", axis: -1, size: 5, partial: true },
];
export const shape = [3, 8, 17];
export const x = normal(3 * 8 * 17, 21, 0.3, 2);

export function groupsOfX(granularity: Granularity): { of: number[]; values: number[][] } {
  const of = groupOfEach(shape, granularity);
  const values: number[][] = Array.from({ length: Math.max(...of) + 1 }, () => []);
  for (const [i, group] of of.entries()) values[group]!.push(x[i]!);
  return { of, values };
}
