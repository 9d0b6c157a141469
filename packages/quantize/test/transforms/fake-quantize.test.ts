import { describe, expect, it } from "vitest";
import { AssignmentError, fakeQuantize } from "../../src/index.ts";
import { floats, modelOf, observe, outputOf } from "./models.ts";

// Codes by hand: the scale of w is 127 / 127, that of x 255 / 255.
const model = modelOf(["N", 2], { w: floats([2, 1], [127, 1.4]) }, [
  { op: "MatMul", inputs: ["x", "w"], output: "y" },
]);
const feeds = { x: floats([1, 2], [255, 2.6]) };

describe("a model that rounds", () => {
  it("rounds weights", async () => {
    const rounded = fakeQuantize(model, { assignment: { y: { weight: { dtype: "int8" } } } });
    expect((await outputOf(rounded, feeds))[0]).toBeCloseTo(255 * 127 + 2.6, 2);
  });

  it("rounds activations to static and to dynamic codes", async () => {
    const calibration = await observe(model, feeds);
    for (const dynamic of [false, true]) {
      const assignment = { y: { activation: { dtype: "uint8", dynamic } } } as const;
      const rounded = fakeQuantize(model, { assignment, calibration });
      expect((await outputOf(rounded, feeds))[0]).toBeCloseTo(255 * 127 + 3 * 1.4, 2);
    }
  });

  it("says what is missing", () => {
    const wrong = () => fakeQuantize(model, { assignment: { y: { activation: { dtype: "uint8" } } } });
    expect(wrong).toThrow(AssignmentError);
  });
});
