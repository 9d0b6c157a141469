/** Cases beyond the suite's, on both builds, with every range split as threads would split it. */
import { type Backend, createBackend } from "@bitbudget/backend";
import {
  type BuildName,
  type Context,
  createContext,
  hasFeature,
  kernels,
  wasmDevice,
} from "@bitbudget/backend-wasm/internal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Case, describeFailures, runCase } from "../../src/index.ts";

/** A build, and whether its dot product is taken to be exact for codes of seven bits alone. */
type Machine = BuildName | "relaxed-seven";

/** A backend that runs ranges in three uneven pieces, the last one first. */
async function openInPieces(machine: Machine): Promise<Backend> {
  const seven = machine === "relaxed-seven";
  const plain = await createContext({ build: seven ? "relaxed" : machine });
  const whole: Context = seven ? { ...plain, dot: "seven" } : plain;
  const context: Context = {
    ...whole,
    run(name, total, _work, ...args) {
      const cuts = [0, Math.floor(total / 3), Math.floor((total * 4) / 5), total];
      const kernel = whole.exports[name] as (...all: number[]) => void;
      for (let i = 3; i > 0; i--) if (cuts[i - 1]! < cuts[i]!) kernel(cuts[i - 1]!, cuts[i]!, ...args);
    },
  };
  const info = { key: `wasm-${machine}-in-pieces`, description: "ranges in pieces" };
  return createBackend({
    name: "wasm",
    device: wasmDevice(plain, info),
    context,
    kernels,
  });
}

/** Compares with backend-js; none of the cases may be refused. */
export function describeInPieces(
  cases: readonly Case[],
  machines: readonly Machine[] = ["simd", "relaxed"],
): void {
  describe.for([...machines])("%s build, ranges in pieces", (machine) => {
    if (machine !== "simd" && !hasFeature("relaxedSimd")) {
      test("opens", ({ skip }) => skip("this engine has no relaxed SIMD"));
      return;
    }
    let backend: Backend;
    beforeAll(async () => {
      backend = await openInPieces(machine);
    });
    afterAll(() => backend.dispose());

    test.for(cases.map((each) => [each.id, each] as const))("%s", async ([, each]) => {
      const result = await runCase(backend, each);
      if (result.status === "failed") throw new Error(describeFailures(each, result.failures, "wasm"));
      expect(result.status).toBe("passed");
    });
  });
}
