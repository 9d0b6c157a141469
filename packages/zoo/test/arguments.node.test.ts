/** What `npm run example:train` takes, and what it says of anything else. */
import { describe, expect, test } from "vitest";
import { parseArguments } from "../src/node/arguments.ts";

describe("arguments of example:train", () => {
  test("all parts unless some are named", () => {
    expect(parseArguments([])).toEqual({ parts: ["data", "shapes", "language"] });
    expect(parseArguments(["shapes", "--steps", "20", "--seed", "0", "--out", "x"])).toEqual({
      ...{ parts: ["shapes"], steps: 20, seed: 0, out: "x" },
    });
  });

  test.each([
    [["shape"], '"shape" is none of data, shapes, language'],
    [["--steps", "abc"], '--steps must be a whole number of at least 1, not "abc"'],
    [["--steps", "0"], "at least 1"],
    [["--steps", ""], "at least 1"],
    [["--seed", "1.5"], "at least 0"],
    [["--nope"], "--nope"],
  ])("%j is refused", (list, message) => {
    expect(() => parseArguments(list)).toThrow(message);
  });
});
