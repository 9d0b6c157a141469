/** Elements picked by tables of offsets in bytes, one for each axis (gather, pad, resize). */
import { type DType, encodeArray } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Address } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";

/** In a table: there is no such element; what is written is the filling. */
export const NOWHERE = -1;

/** A table in memory. */
export interface Table {
  readonly address: number;
  readonly length: number;
}

export interface Pick {
  /** Of the axes outside, outermost first. */
  readonly outer: readonly Table[];
  /** Of the last axis; asked for in each run. */
  readonly row: () => Table;
  /** Bytes of each of its elements. */
  readonly bytes: number;
  /** Address of 16 bytes; 0 where no table has NOWHERE. */
  readonly filling: number;
}

export function storeTable(owned: Owned, offsets: readonly number[] | Int32Array): Table {
  return { address: owned.store(Int32Array.from(offsets)), length: offsets.length };
}

/** 16 bytes of a number, rounded and saturated to a format. */
export function storeFilling(owned: Owned, dtype: DType, value: number): number {
  const one = encodeArray(dtype, [value]);
  const bytes = new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
  return owned.store(Uint8Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length]!));
}

/** The tables of the axes outside as the kernels walk them: where the list lies, its length, and how many rows they make. */
export function storeTables(
  owned: Owned,
  tables: readonly Table[],
): [address: number, count: number, rows: number] {
  const fields = tables.toReversed().flatMap(({ address, length }) => [length, address]);
  const rows = tables.reduce((product, { length }) => product * length, 1);
  return [owned.store(Uint32Array.from(fields)), tables.length, rows];
}

/** What picks from x into y. */
export function compilePick(
  context: Context,
  owned: Owned,
  { outer, row, bytes, filling }: Pick,
): (x: Address, y: Address) => void {
  const [tables, count, rows] = storeTables(owned, outer);
  return (x, y) => {
    const { address, length } = row();
    const work = (rows * length * Math.max(bytes, 4)) / 4;
    if (length > 0) context.run("pickRuns", rows, work, x, y, tables, count, address, length, bytes, filling);
  };
}
