/** The linear memory: what is in it stays when it grows, it keeps its limit, and it is used again when it is free. */
import { OutOfMemoryError } from "@bitbudget/backend";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinearMemory, PAGE } from "../../src/memory/linear-memory.ts";
import { makeMemory } from "../../src/memory/make-memory.ts";

const HEAP = 5000;
const LIMIT = 40 * PAGE;

function make(shared = false): LinearMemory {
  return new LinearMemory(makeMemory(LIMIT, shared), HEAP, LIMIT);
}

const steps = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 6 * PAGE }), free: fc.nat() }), {
  maxLength: 60,
});

describe.each([
  ["own", false],
  ["shared", true],
])("%s memory", (_, shared) => {
  test("blocks keep what is in them, within the memory and its limit, until they are freed", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const memory = make(shared);
        const blocks: { readonly address: number; readonly bytes: number; readonly mark: number }[] = [];
        for (const [i, { bytes, free }] of list.entries()) {
          if (free % 3 === 0 && blocks.length > 0) {
            const [block] = blocks.splice(free % blocks.length, 1);
            memory.free(block!.address);
          }
          const address = allocateOrNot(memory, bytes);
          if (address === undefined) continue;
          expect(address).toBeGreaterThanOrEqual(HEAP);
          // Vectors are read past the end.
          expect(address + bytes + 64).toBeLessThanOrEqual(memory.wasm.buffer.byteLength);
          memory.bytes(address, bytes).fill(i + 1);
          blocks.push({ address, bytes, mark: i + 1 });
        }
        expect(memory.wasm.buffer.byteLength).toBeLessThanOrEqual(LIMIT);
        for (const { address, bytes, mark } of blocks)
          expect(memory.bytes(address, bytes).every((byte) => byte === mark)).toBe(true);
        for (const { address } of blocks) memory.free(address);
        expect(memory.usedBytes).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("all of the limit can be used, and again when it is free", () => {
    const memory = make(shared);
    for (let round = 0; round < 3; round++) {
      const addresses: number[] = [];
      for (let address = allocateOrNot(memory, PAGE); address !== undefined; ) {
        addresses.push(address);
        address = allocateOrNot(memory, PAGE);
      }
      // Less than the limit by the module's constants and the margin at the end.
      expect(addresses.length).toBe(LIMIT / PAGE - 1);
      for (const address of addresses) memory.free(address);
    }
    expect(allocateOrNot(memory, LIMIT - 2 * PAGE)).toBeDefined();
  });
});

test("what does not fit is an error that says how much was asked for, is used, and is there", () => {
  const memory = make();
  const address = memory.allocate(100);
  expect(() => memory.allocate(LIMIT)).toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY", requested: LIMIT, used: 128, limit: LIMIT }),
  );
  memory.free(address);
  expect(memory.usedBytes).toBe(0);
});

test("a shared memory that the engine does not give in full can grow to half of it, or less", () => {
  const asked: number[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      asked.push(descriptor.maximum ?? 0);
      if ((descriptor.maximum ?? 0) > 20_000) throw new RangeError("could not allocate memory");
      super(descriptor);
    }
  };
  try {
    const memory = makeMemory(65536 * PAGE, true);
    expect(asked).toEqual([65536, 32768, 16384]);
    expect(memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  } finally {
    WebAssembly.Memory = Memory;
  }
});

test("memory is not given out again before its release", () => {
  const memory = make();
  const releases: (() => void)[] = [];
  memory.reclaimer = {
    later: (release) => releases.push(release),
    advance() {},
  };
  const first = memory.allocate(PAGE);
  memory.free(first);
  const second = memory.allocate(PAGE);
  expect(second).not.toBe(first);
  for (const release of releases.splice(0)) release();
  expect(memory.allocate(PAGE)).toBe(first);
});

function allocateOrNot(memory: LinearMemory, bytes: number): number | undefined {
  try {
    return memory.allocate(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(OutOfMemoryError);
    return undefined;
  }
}
