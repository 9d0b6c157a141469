import { describe, expect, test } from "vitest";
import {
  type AlgorithmSpec,
  type Executor,
  evolutionary,
  functionExecutor,
  greedy,
  integerProgram,
  JournalError,
  type JournalStorage,
  JournalWriteError,
  memoryStorage,
  OutcomeError,
  openStudy,
  Random,
  randomSearch,
  readJournal,
  SearchError,
  StudyMismatchError,
  tpe,
  uniform,
} from "../../src/index.ts";
import { synthetic } from "../support/problems.ts";
import { drain } from "../support/search.ts";

const { problem, loss } = synthetic({ groups: 6, seed: 5, interaction: 0.5, noise: 0.01 });
const plain = functionExecutor((configuration) => ({ loss: loss(configuration) }));
const open = (algorithm: AlgorithmSpec, storage: JournalStorage = memoryStorage(), parallel = 1, seed = 3) =>
  openStudy({ problem, algorithm, storage, seed, parallel });

/** Completes evaluations in an order of its own. */
function shuffling(seed: number, evaluated: number[] = []): Executor {
  const random = new Random(seed);
  return functionExecutor(async (configuration, { id }) => {
    evaluated.push(id);
    for (let turns = random.below(30); turns > 0; turns--) await Promise.resolve();
    return { loss: loss(configuration) };
  });
}

const algorithms: [string, AlgorithmSpec][] = [
  ["random", randomSearch()],
  ["greedy", greedy()],
  ["integer-program", integerProgram({ rounds: 4 })],
  ["evolutionary", evolutionary({ population: 8 })],
  ["tpe", tpe({ startup: 6 })],
];

describe.each(algorithms)("a study with %s", (_, algorithm) => {
  const trials = 36;

  test.each([1, 3])(
    "that was cut off anywhere goes on to the same choice, %i under way",
    async (parallel) => {
      const storage = memoryStorage();
      const undisturbed = await drain(
        (await open(algorithm, storage, parallel)).run(shuffling(1), { trials }),
      );
      const random = new Random(8);
      for (let cut = 0; cut < 4; cut++) {
        const rest = storage.bytes.slice(0, random.below(storage.bytes.length));
        const { trials: there } = readJournal(rest);
        const again = memoryStorage(rest);
        const study = await open(algorithm, again, parallel);
        expect(study.recovered.trials).toBe(there.length);
        const evaluated: number[] = [];
        const replayed: number[] = [];
        const result = await drain(
          study.run(shuffling(cut, evaluated), { trials }),
          ({ trial, isReplayed }) => {
            if (isReplayed) replayed.push(trial.id);
          },
        );
        expect(result).toEqual(undisturbed);
        expect(new Set(replayed)).toEqual(new Set(there.map(({ id }) => id)));
        expect(new Set(evaluated).size).toBe(evaluated.length);
        expect(evaluated.length + replayed.length).toBe(result.trials.length);
        expect(new Set(readJournal(again.bytes).trials.map(({ id }) => id)).size).toBe(result.trials.length);
      }
    },
  );

  test("ends with the same choice however long evaluations take", async () => {
    const results = [];
    for (const seed of [1, 2, 3])
      results.push(await drain((await open(algorithm, memoryStorage(), 4)).run(shuffling(seed), { trials })));
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe("a study", () => {
  test("keeps as many evaluations under way as it was told", async () => {
    let [now, most] = [0, 0];
    const executor = functionExecutor(async (configuration) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 0));
      now--;
      return { loss: loss(configuration) };
    });
    await drain((await open(randomSearch(), memoryStorage(), 3)).run(executor, { trials: 20 }));
    expect(most).toBe(3);
  });

  test("stops after a number of trials, and goes on from there", async () => {
    const study = await open(randomSearch());
    expect((await drain(study.run(plain, { trials: 7 }))).trials).toHaveLength(7);
    const seen: boolean[] = [];
    const result = await drain(study.run(plain, { trials: 10 }), ({ isReplayed }) => seen.push(isReplayed));
    expect(result).toMatchObject({ stopped: "trials" });
    expect(seen).toEqual([...Array(7).fill(true), false, false, false]);
  });

  test("stops after a time, by any clock", async () => {
    let ms = 0;
    const executor = functionExecutor((configuration) => {
      ms += 1000;
      return { loss: loss(configuration) };
    });
    const left: (number | undefined)[] = [];
    const run = (await open(randomSearch())).run(executor, { seconds: 5, now: () => ms });
    const { stopped, trials } = await drain(run, ({ secondsLeft }) => left.push(secondsLeft));
    expect(stopped).toBe("seconds");
    expect(trials).toHaveLength(5);
    expect(left).toEqual([4, 3, 2, 1, 0]);
  });

  test("stops when nothing was better for a while", async () => {
    const best: number[] = [];
    const { stopped, trials } = await drain(
      (await open(randomSearch())).run(plain, { patience: 9 }),
      ({ isBest, trial }) => {
        if (isBest) best.push(trial.id);
      },
    );
    expect(stopped).toBe("patience");
    expect(trials).toHaveLength(best.at(-1)! + 1 + 9);
  });

  test("stops when the algorithm has nothing more", async () => {
    const { stopped, trials, best } = await drain((await open(uniform())).run(plain));
    expect(stopped).toBe("exhausted");
    expect(trials).toHaveLength(4);
    expect(best?.configuration).toEqual(
      trials.filter((each) => each.loss <= problem.budget).at(-1)?.configuration,
    );
  });

  test("that is aborted has the best so far, and what completed nevertheless", async () => {
    const controller = new AbortController();
    const storage = memoryStorage();
    const executor = functionExecutor(async (configuration, { id, signal }) => {
      if (id === 5) controller.abort();
      // One of those under way gives up, the others complete.
      if (id === 4) await new Promise((_, reject) => signal.addEventListener("abort", reject));
      return { loss: loss(configuration) };
    });
    const study = await open(randomSearch(), storage, 3);
    const { stopped, trials, best } = await drain(study.run(executor, { signal: controller.signal }));
    expect(stopped).toBe("aborted");
    expect(trials.map(({ id }) => id)).toEqual([0, 1, 2, 3, 5]);
    expect(best).toBeDefined();
    expect(readJournal(storage.bytes).trials).toHaveLength(5);
    const resumed = await drain((await open(randomSearch(), storage, 3)).run(plain, { trials: 12 }));
    const undisturbed = await drain(
      (await open(randomSearch(), memoryStorage(), 3)).run(plain, { trials: 12 }),
    );
    expect(resumed).toEqual(undisturbed);
  });

  test("that nobody listens to any more ends", async () => {
    let evaluations = 0;
    const executor = functionExecutor((configuration) => {
      evaluations++;
      return { loss: loss(configuration) };
    });
    for await (const { trials } of (await open(randomSearch())).run(executor)) if (trials === 3) break;
    expect(evaluations).toBe(3);
  });

  test("goes on after configurations that fail, and never chooses them", async () => {
    const storage = memoryStorage();
    const executor = functionExecutor((configuration) =>
      configuration[0] === 3 ? { failed: "no kernel" } : { loss: loss(configuration) },
    );
    const { trials, best, front } = await drain(
      (await open(randomSearch(), storage)).run(executor, { trials: 30 }),
    );
    const failed = trials.filter((trial) => trial.configuration[0] === 3);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((trial) => trial.loss === Infinity && trial.failed === "no kernel")).toBe(true);
    expect(best?.configuration[0]).not.toBe(3);
    expect(front.some((trial) => trial.loss === Infinity)).toBe(false);
    const again = await drain((await open(randomSearch(), storage)).run(executor, { trials: 30 }));
    expect(again.trials).toEqual(trials);
  });

  test("prefers costs that were measured to sums", async () => {
    const executor = functionExecutor((configuration) => ({
      loss: loss(configuration),
      costs: { latencyMs: 100 - configuration[0]! },
    }));
    const { best, trials } = await drain((await open(randomSearch())).run(executor, { trials: 30 }));
    const within = trials.filter((trial) => trial.loss <= problem.budget);
    expect(best?.costs.latencyMs).toBe(Math.min(...within.map(({ costs }) => costs.latencyMs!)));
    expect(best?.costs.bytes).toBeGreaterThan(0);
  });

  test("keeps what else evaluations say", async () => {
    const storage = memoryStorage();
    const details = { low: 0.1, high: 0.2, notes: ["ä", null] };
    const executor = functionExecutor((configuration) => ({ loss: loss(configuration), details }));
    for (let round = 0; round < 2; round++) {
      const { best } = await drain((await open(randomSearch(), storage)).run(executor, { trials: 3 }));
      expect(best?.details).toEqual(details);
    }
  });

  test("has one run at a time", async () => {
    const study = await open(randomSearch());
    const first = study.run(plain, { trials: 3 });
    await first.next();
    await expect(study.run(plain).next()).rejects.toThrow(SearchError);
    await drain(first);
    expect((await drain(study.run(plain, { trials: 4 }))).trials).toHaveLength(4);
  });

  test("can be aborted by a timer although nothing it does takes time", async () => {
    const endless: AlgorithmSpec = {
      name: "endless",
      settings: null,
      create: ({ reference }) => ({ ask: () => reference, tell: () => {} }),
    };
    const signal = AbortSignal.timeout(100);
    const { stopped } = await drain((await open(endless)).run(plain, { signal }));
    expect(stopped).toBe("aborted");
  });

  test("ends with the error of an evaluation, keeping what was complete", async () => {
    const storage = memoryStorage();
    const executor = functionExecutor((configuration, { id }) => {
      if (id === 4) throw new Error("out of memory");
      return { loss: loss(configuration) };
    });
    await expect(drain((await open(randomSearch(), storage)).run(executor))).rejects.toThrow("out of memory");
    expect(readJournal(storage.bytes).trials).toHaveLength(4);
  });

  test.each([
    ["a loss that is not finite", { loss: Number.NaN }],
    ["a negative cost", { loss: 1, costs: { latencyMs: -1 } }],
  ])("refuses %s", async (_, outcome) => {
    const run = (await open(randomSearch())).run(
      functionExecutor(() => outcome),
      { trials: 3 },
    );
    await expect(drain(run)).rejects.toThrow(OutcomeError);
  });

  test("refuses a journal of another study, and says what differs", async () => {
    const storage = memoryStorage();
    await drain((await open(tpe(), storage)).run(plain, { trials: 3 }));
    const other = synthetic({ groups: 6, seed: 6 }).problem;
    const attempts: [string, () => Promise<unknown>][] = [
      ["algorithm", () => open(randomSearch(), storage)],
      ["settings", () => open(tpe({ good: 0.2 }), storage)],
      ["seed", () => open(tpe(), storage, 1, 4)],
      ["problem", () => openStudy({ problem: other, algorithm: tpe(), storage, seed: 3 })],
    ];
    for (const [what, attempt] of attempts) {
      await expect(attempt()).rejects.toThrow(StudyMismatchError);
      await expect(attempt()).rejects.toMatchObject({ what });
    }
  });

  test("notices that an algorithm is not what it was", async () => {
    const storage = memoryStorage();
    await drain((await open(randomSearch(), storage)).run(plain, { trials: 5 }));
    const changed: AlgorithmSpec = {
      ...randomSearch(),
      create: (of, seed) => randomSearch().create(of, seed + 1),
    };
    await expect(drain((await open(changed, storage)).run(plain, { trials: 5 }))).rejects.toThrow(
      StudyMismatchError,
    );
  });

  test("keeps its own number of evaluations under way when it is resumed with another", async () => {
    const storage = memoryStorage();
    await drain((await open(tpe(), storage, 3)).run(plain, { trials: 5 }));
    expect((await open(tpe(), storage, 1)).header.parallel).toBe(3);
  });

  test("says when the journal cannot be written, and resumes later", async () => {
    const storage = memoryStorage();
    let room = 4;
    const full: JournalStorage = {
      read: storage.read,
      truncate: storage.truncate,
      append: async (bytes) => {
        if (room-- > 0) return storage.append(bytes);
        // As a full disk does: a part is there.
        await storage.append(bytes.subarray(0, 20));
        throw new Error("no space left on device");
      },
    };
    await expect(drain((await open(randomSearch(), full)).run(plain, { trials: 9 }))).rejects.toThrow(
      JournalWriteError,
    );
    const study = await open(randomSearch(), storage);
    expect(study.recovered).toEqual({ trials: 3, tornBytes: 20 });
    const resumed = await drain(study.run(plain, { trials: 9 }));
    expect(resumed).toEqual(await drain((await open(randomSearch())).run(plain, { trials: 9 })));
  });

  test("leaves alone a file that is none of its own", async () => {
    const storage = memoryStorage(new TextEncoder().encode("my notes"));
    await expect(open(randomSearch(), storage)).rejects.toThrow(JournalError);
    expect(new TextDecoder().decode(storage.bytes)).toBe("my notes");
  });
});
