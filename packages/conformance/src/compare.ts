/**
 * Compares a result with what it should be, element by element. Each element is held to its own bound, so that one
 * wrong element cannot hide among right ones, and the first wrong one is reported with its place and its bits.
 */
import type { Tolerance } from "@bitbudget/backend";
import { dtypes, elementCount, type FloatName, type HostTensor, strides, valuesOf } from "@bitbudget/core";
import { ulpOf } from "./ulp.ts";

export interface Mismatch {
  /** Index in the flat tensor, and along each axis. */
  readonly index: number;
  readonly position: readonly number[];
  readonly expected: number | bigint;
  readonly actual: number | bigint;
  /** Codes in hexadecimal, as wide as the format. */
  readonly expectedBits: string;
  readonly actualBits: string;
  /** Distance in last places of the expected value; of integers, their difference. */
  readonly distance: number;
  /** Largest distance that passes, in the same unit. */
  readonly allowed: number;
}

export interface Comparison {
  /** Elements compared, and those that differ by more than is allowed. */
  readonly elements: number;
  readonly mismatches: number;
  readonly first?: Mismatch;
  /** Largest fraction of its allowance that any element used; 0 where all are equal, above 1 where one fails. */
  readonly worst: number;
}

/**
 * Compares two tensors of one type.
 *
 * Exact (`ulp` 0): equal bit for bit, except that NaN equals NaN whatever its payload; -0 is not 0. Otherwise within
 * `ulp` last places of the expected value or of its magnitude, or within `absolute`; -0 equals 0. NaN equals only NaN,
 * an infinity only itself. `magnitude` holds, for tolerances of that kind, what each element is measured against.
 */
export function compare(
  actual: HostTensor,
  expected: HostTensor,
  tolerance: Tolerance,
  magnitude?: ArrayLike<number>,
): Comparison {
  const { dtype, shape } = expected;
  const a = elementsOf(actual);
  const e = elementsOf(expected);
  const info = dtypes[dtype];
  const elements = elementCount(shape);
  let mismatches = 0;
  let worst = 0;
  let first: Mismatch | undefined;
  for (let index = 0; index < elements; index++) {
    const x = a[index]!;
    const y = e[index]!;
    if (Object.is(x, y)) continue;
    const inexact = info.kind === "float" && (tolerance.ulp > 0 || (tolerance.absolute ?? 0) > 0);
    const used = inexact
      ? share(Number(x), Number(y), allowance(Number(y), info.name, tolerance, magnitude?.[index]))
      : Number.POSITIVE_INFINITY;
    worst = Math.max(worst, used);
    if (used <= 1) continue;
    mismatches++;
    if (first !== undefined) continue;
    const unit = info.kind === "float" ? ulpOf(Number(y), info.name) : 1;
    first = {
      index,
      position: positionOf(index, shape),
      expected: y,
      actual: x,
      expectedBits: bitsOf(expected, index),
      actualBits: bitsOf(actual, index),
      distance: Math.abs(Number(x) - Number(y)) / unit,
      allowed: inexact ? allowance(Number(y), info.name, tolerance, magnitude?.[index]) / unit : 0,
    };
  }
  return { elements, mismatches, worst, ...(first === undefined ? {} : { first }) };
}

/** Allowed distance from the expected value. The result itself is a lower bound of its magnitude. */
function allowance(expected: number, format: FloatName, tolerance: Tolerance, magnitude = 0): number {
  const yardstick = tolerance.of === "magnitude" ? Math.max(Math.abs(expected), magnitude) : expected;
  return Math.max(tolerance.ulp * ulpOf(yardstick, format), tolerance.absolute ?? 0);
}

/** Distance as a fraction of what is allowed. Comparisons with NaN are false, so that it ends as infinite. */
function share(actual: number, expected: number, allowed: number): number {
  const distance = Math.abs(actual - expected);
  return distance <= Number.MAX_VALUE ? distance / allowed : Number.POSITIVE_INFINITY;
}

/** Values in which equal means equal bit for bit: 64-bit integers as bigints, booleans as their bytes. */
export function elementsOf(tensor: HostTensor): ArrayLike<number | bigint> {
  const { dtype, data } = tensor;
  return dtype === "int64" || dtype === "uint64" || dtype === "bool" ? data : valuesOf(tensor);
}

/** Index along each axis. */
export function positionOf(index: number, shape: readonly number[]): number[] {
  const steps = strides(shape);
  return shape.map((dimension, axis) => Math.floor(index / (steps[axis] ?? 1)) % dimension);
}

/** Code of one element in hexadecimal, as wide as its format. */
export function bitsOf({ dtype, data }: HostTensor, index: number): string {
  const { bits } = dtypes[dtype];
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let code = 0n;
  if (bits < 8) {
    const byte = bytes[(index * bits) >> 3] ?? 0;
    code = BigInt((byte >> ((index * bits) & 7)) & (2 ** bits - 1));
  } else {
    // Little-endian, as typed arrays are on every engine that runs this.
    const width = bits / 8;
    for (let i = width - 1; i >= 0; i--) code = (code << 8n) | BigInt(bytes[index * width + i] ?? 0);
  }
  return `0x${code.toString(16).padStart(Math.ceil(bits / 4), "0")}`;
}

/** "index 13 [1, 6] is 5 (0x05) instead of 4 (0x04), off by 1 where 0 is allowed; 3 of 36 elements differ" */
export function describeComparison({ elements, mismatches, first }: Comparison, isFloat: boolean): string {
  if (first === undefined) return `all ${elements} elements are as expected`;
  const { index, position, actual, expected, actualBits, expectedBits, distance, allowed } = first;
  const unit = isFloat ? " ULP" : "";
  const off = Number.isNaN(distance)
    ? ""
    : `, off by ${round(distance)}${unit} where ${round(allowed)} is allowed`;
  return (
    `index ${index} [${position.join(", ")}] is ${show(actual)} (${actualBits}) ` +
    `instead of ${show(expected)} (${expectedBits})${off}; ${mismatches} of ${elements} elements differ`
  );
}

function show(value: number | bigint): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function round(x: number): string {
  return Number.isInteger(x) || !Number.isFinite(x) ? String(x) : x.toPrecision(4);
}
