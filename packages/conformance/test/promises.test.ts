/** The suite can fail: a backend that does not tell the truth, or breaks a promise, is told so. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { describe, expect, test } from "vitest";
import { contractChecks, reproduceCommand } from "../src/index.ts";
import { failuresOf, override } from "./support/plants.ts";

const INT8 = "linear/static/by-hand";

/** Runs a check of the contract on a backend, by the check's name. */
async function problemsOf(openPlanted: () => Promise<Backend>, name: string): Promise<readonly string[]> {
  const found = contractChecks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`there is no check "${name}"`);
  return found.run(openPlanted);
}

describe("a backend that does not tell the truth", () => {
  test("claims native where its row says decoded", async () => {
    const boastful = async () =>
      override(await open(), { supports: () => ({ supported: true, arithmetic: "native" }) });
    const failures = await failuresOf(boastful, "linear/weight-only/zero-scale");
    expect(failures).toMatchObject([{ kind: "capability" }]);
  });

  test("claims native without a row", async () => {
    const rowless = async () => {
      const backend = await open();
      return override(backend, { capabilities: backend.capabilities.filter(({ op }) => op !== "linear") });
    };
    expect(await failuresOf(rowless, INT8)).toMatchObject([
      {
        kind: "capability",
        message:
          "supports says native to linear uint8 x int8 tensor -> int8, which no row of capabilities covers",
      },
    ]);
  });

  test("has a row that no case reaches", async () => {
    const row = {
      op: "linear",
      activation: "int16",
      weight: "int8 tensor",
      output: "int8",
      arithmetic: "native",
    } as const;
    const hollow = async () => {
      const backend = await open();
      return override(backend, { capabilities: [...backend.capabilities, row] });
    };
    const problems = await problemsOf(hollow, "every row of capabilities is reached by a case");
    expect(problems).toEqual([
      expect.stringContaining("linear int16 x int8 tensor -> int8 (native) is claimed"),
    ]);
  });

  test("refuses without a reason", async () => {
    const mute = async () => override(await open(), { supports: () => ({ supported: false, reason: " " }) });
    expect(await failuresOf(mute, INT8)).toMatchObject([{ kind: "refusal" }]);
  });

  test("answers differently when it is asked again", async () => {
    const fickle = async () => {
      let asked = 0;
      const backend = await open();
      return override(backend, {
        supports: (spec) =>
          ++asked % 7 === 0 ? { supported: false, reason: "tired" } : backend.supports(spec),
      });
    };
    expect((await problemsOf(fickle, "supports is pure")).length).toBeGreaterThan(0);
  });

  test("reports no time at all", async () => {
    const timeless = async () =>
      override(await open(), {
        time: async () => ({ samplesMs: [0, 0, 0], runsPerSample: 1, clock: "none", resolutionMs: 0 }),
      });
    const problems = await problemsOf(timeless, "times are raw samples or a TimingError");
    expect(problems).toContain("samples must be positive: [0, 0, 0]");
    expect(problems).toContain("resolutionMs is 0");
  });
});

describe("a backend that breaks a promise", () => {
  test("runs kernels later than writes", async () => {
    const tardy = async () => {
      const backend = await open();
      const pending: (() => void)[] = [];
      return override(backend, {
        dispatch: (...call) => void pending.push(() => backend.dispatch(...call)),
        async read(tensor) {
          for (const run of pending.splice(0)) run();
          return backend.read(tensor);
        },
      });
    };
    expect((await problemsOf(tardy, "work is done in the order of the calls")).length).toBeGreaterThan(0);
  });

  test("takes tensors of other backends, and leaks", async () => {
    const careless = async () => {
      const backend = await open();
      return override(backend, {
        dispatch: () => {},
        get bytes() {
          return 64;
        },
      });
    };
    expect(await problemsOf(careless, "operands are checked")).toContain(
      "dispatch with an input of another backend must fail with an error of code OPERAND, but did not fail",
    );
    expect(await problemsOf(careless, "memory is given back")).toContain(
      "bytes is 64 after everything was disposed",
    );
  });
});

test("a command names ids that a shell would take apart in quotes", () => {
  expect(reproduceCommand("a/b c", "@x/y")).toBe(
    "npx bitbudget-conformance check @x/y --case 'a/b c' --verbose",
  );
});
