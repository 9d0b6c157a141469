import fc from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../src/index.ts";

test.each([
  ["*", "", true],
  ["a*c", "abc", true],
  ["a*c", "abcd", false],
  ["*.weight", "layer.0.weight", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["a.c", "abc", false],
  ["**b*", "aabaa", true],
  ["(x)+", "(x)+", true],
])("%s and %s", (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected));

test("matches as a regular expression does", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".") });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, given) => {
      const source = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      expect(matches(glob, given)).toBe(new RegExp(`^${source}$`).test(given));
    }),
  );
});
