/** How activations come into products of codes, for each kind of machine. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { codeForm, flipOffset, formZero } from "../src/weighted/code-form.ts";

/** A code with its top bit flipped, read as the other kind of byte. */
function flipped(code: number, signed: boolean): number {
  const bits = (code & 255) ^ 128;
  return signed ? bits : (bits << 24) >> 24;
}

test("each machine gets the codes that its dot product takes", () => {
  expect(codeForm("unsigned")).toBe("unsigned");
  expect(codeForm("signed")).toBe("signed");
  expect(codeForm("seven")).toBe("wide");
  expect(flipOffset("unsigned", "uint8")).toBe(0);
  expect(flipOffset("signed", "int8")).toBe(0);
  expect(formZero("wide", "uint8", 100)).toBe(0);
});

test("flipping keeps the distance of codes from their zero point", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (code, zero) => {
      expect(flipped(code, false) - formZero("signed", "uint8", zero)).toBe(code - zero);
      const [low, zeroPoint] = [code - 128, zero - 128];
      expect(flipped(low, true) - formZero("unsigned", "int8", zeroPoint)).toBe(low - zeroPoint);
    }),
  );
});
