/** The loops that find the machine's limits run, whatever they find. */
import { expect, test } from "vitest";
import { measureLimits } from "../src/limits.ts";

test("every limit is a speed", async () => {
  for (const speed of Object.values(await measureLimits())) expect(speed).toBeGreaterThan(0);
});
