import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planArena } from "../src/memory.ts";
import { Slot } from "../src/values.ts";

function slot(bytes: number, first: number, last: number): Slot {
  const made = new Slot(bytes);
  made.touch(first);
  made.touch(last);
  return made;
}

describe("planArena", () => {
  test("a chain needs room for two values at a time", () => {
    const chain = [slot(1024, 0, 1), slot(1024, 1, 2), slot(1024, 2, 3), slot(1024, 3, 4)];
    expect(planArena(chain).bytes).toBe(2048);
  });

  test("a small value takes the smallest gap that holds it", () => {
    const long = slot(256, 0, 9);
    const early = slot(2048, 0, 1);
    const late = slot(512, 2, 3);
    const { bytes, offsets } = planArena([long, early, late]);
    expect(bytes).toBe(2048 + 256);
    expect(offsets.get(late)).toBe(0);
  });

  test("slots that no step touches get nothing", () => {
    expect(planArena([new Slot(100)])).toEqual({ bytes: 0, offsets: new Map() });
  });

  test("values that live at the same time never share a byte, and offsets are aligned", () => {
    const life = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.nat(20), fc.nat(8));
    fc.assert(
      fc.property(fc.array(life, { maxLength: 30 }), (lives) => {
        const slots = lives.map(([bytes, first, length]) => slot(bytes, first, first + length));
        const { bytes, offsets } = planArena(slots);
        for (const [i, a] of slots.entries()) {
          const start = offsets.get(a) ?? Number.NaN;
          expect(start % 256).toBe(0);
          expect(start + a.bytes).toBeLessThanOrEqual(bytes);
          for (const b of slots.slice(i + 1)) {
            const other = offsets.get(b) ?? Number.NaN;
            const together = a.first <= b.last && b.first <= a.last;
            const apart = start + a.bytes <= other || other + b.bytes <= start;
            expect(!together || apart).toBe(true);
          }
        }
      }),
    );
  });
});
