/** The allocator against a list of what is in use, which is all that it has to know. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ALIGNMENT, Allocator } from "../../src/memory/allocator.ts";

const START = 1000;

interface Block {
  readonly start: number;
  readonly end: number;
}

const sizes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }));
const actions = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ allocate: sizes }) },
    { weight: 4, arbitrary: fc.record({ free: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ extend: sizes }) },
  ),
  { maxLength: 120 },
);

function roundUp(bytes: number): number {
  return Math.ceil(Math.max(bytes, 1) / ALIGNMENT) * ALIGNMENT;
}

/** Free ranges between blocks in use, from `start` to `end`. */
function gaps(blocks: readonly Block[], start: number, end: number): Block[] {
  const found: Block[] = [];
  let at = start;
  for (const block of blocks.toSorted((a, b) => a.start - b.start)) {
    if (block.start > at) found.push({ start: at, end: block.start });
    at = block.end;
  }
  if (end > at) found.push({ start: at, end });
  return found;
}

test("blocks are aligned and apart, the smallest fitting gap is taken, and free neighbours join", () => {
  fc.assert(
    fc.property(actions, (list) => {
      const allocator = new Allocator(START);
      const first = roundUp(START);
      const blocks: Block[] = [];
      for (const action of list) {
        const free = gaps(blocks, first, allocator.end);
        if ("extend" in action) allocator.extend(allocator.end + action.extend);
        else if ("free" in action) {
          const [block] = blocks.splice(action.free % Math.max(blocks.length, 1), 1);
          if (block !== undefined) allocator.free(block.start);
        } else {
          const size = roundUp(action.allocate);
          const fitting = free.map(({ start, end }) => end - start).filter((length) => length >= size);
          const address = allocator.allocate(action.allocate);
          if (fitting.length === 0) {
            expect(address).toBeUndefined();
            continue;
          }
          const gap = free.find(({ start }) => start === address);
          expect(gap).toBeDefined();
          expect(gap!.end - gap!.start).toBe(Math.min(...fitting));
          expect(address! % ALIGNMENT).toBe(0);
          blocks.push({ start: address!, end: address! + size });
        }
        expect(allocator.usedBytes).toBe(blocks.reduce((sum, { start, end }) => sum + end - start, 0));
      }
      for (const { start } of blocks) allocator.free(start);
      expect(allocator.usedBytes).toBe(0);
      const all = allocator.end - first;
      if (all > 0) expect(allocator.allocate(all)).toBe(first);
    }),
  );
});

test("what is missing at the end is what does not fit there", () => {
  fc.assert(
    fc.property(actions, sizes, (list, bytes) => {
      const allocator = new Allocator(START);
      const addresses: number[] = [];
      for (const action of list) {
        if ("extend" in action) allocator.extend(allocator.end + action.extend);
        else if ("free" in action) {
          const [address] = addresses.splice(action.free % Math.max(addresses.length, 1), 1);
          if (address !== undefined) allocator.free(address);
        } else {
          const address = allocator.allocate(action.allocate);
          if (address !== undefined) addresses.push(address);
        }
      }
      if (allocator.allocate(bytes) !== undefined) return;
      const missing = allocator.missing(bytes);
      expect(missing).toBeGreaterThan(0);
      allocator.extend(allocator.end + missing - 1);
      expect(allocator.allocate(bytes)).toBeUndefined();
      allocator.extend(allocator.end + ALIGNMENT);
      expect(allocator.allocate(bytes)).toBeDefined();
    }),
  );
});

test("freeing what is not in use is a fault", () => {
  const allocator = new Allocator(0);
  allocator.extend(1024);
  const address = allocator.allocate(10)!;
  allocator.free(address);
  expect(() => allocator.free(address)).toThrow(RangeError);
  expect(() => allocator.free(address + 1)).toThrow(RangeError);
});
