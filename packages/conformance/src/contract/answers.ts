/** What a backend says about itself: names, rows, yes and no. */
import {
  type AnySpec,
  type Capability,
  definitionOf,
  describeOperands,
  findCapability,
} from "@bitbudget/backend";
import { cases } from "../cases/index.ts";
import { type ContractCheck, Problems } from "./check.ts";

export const identity: ContractCheck = {
  name: "says what it is",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    problems.expect(backend.name.trim() !== "", "name is empty");
    problems.expect(backend.device.key.trim() !== "", "device.key is empty");
    problems.expect(backend.device.description.trim() !== "", "device.description is empty");
    problems.expect(backend.bytes === 0, `bytes is ${backend.bytes} before anything was created`);
    return problems.list;
  },
};

export const purity: ContractCheck = {
  name: "supports is pure",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const answers = cases.map(({ spec }) => {
      const before = JSON.stringify(spec);
      const answer = JSON.stringify(backend.supports(spec));
      problems.expect(JSON.stringify(spec) === before, `supports changes specs, such as ${before}`);
      return answer;
    });
    for (const [i, { id, spec }] of cases.entries())
      problems.expect(
        JSON.stringify(backend.supports(reversed(spec))) === answers[i],
        `${id}: supports answers differently when it is asked again, with keys in another order`,
      );
    problems.expect(backend.bytes === 0, "supports allocated memory");
    return problems.list;
  },
};

/** The same data with the keys of all objects the other way around. */
function reversed<T>(value: T): T;
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => reversed(entry));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, reversed(entry)]),
  );
}

export const nonsense: ContractCheck = {
  name: "supports throws for specs that make no sense",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const inputs = [{ dtype: "float32", shape: [2, 3] }] as const;
    const attributes = { channels: 0, weight: { dtype: "float32" }, output: "float32" } as const;
    await problems.expectError("SPEC", "supports of a linear without channels", () =>
      backend.supports({ op: "linear", inputs, attributes }),
    );
    await problems.expectError("SPEC", "prepare of a linear without channels", () =>
      backend.prepare({ op: "linear", inputs, attributes }),
    );
    await problems.expectError("SPEC", "supports of a concat of nothing", () =>
      backend.supports({ op: "concat", inputs: [], attributes: { axis: 0 } }),
    );
    return problems.list;
  },
};

export const rows: ContractCheck = {
  name: "every row of capabilities is reached by a case",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const reached = new Set<Capability>();
    for (const { spec } of cases) {
      const operands = definitionOf<AnySpec["op"]>(spec).operands(spec);
      const row = findCapability(backend.capabilities, spec.op, operands);
      if (row !== undefined && backend.supports(spec).supported) reached.add(row);
    }
    for (const row of backend.capabilities) {
      const name = `${row.op} ${describeOperands(row)} (${row.arithmetic})`;
      if (findCapability(backend.capabilities, row.op, row) !== row)
        problems.list.push(`${name} is there twice`);
      else
        problems.expect(
          reached.has(row),
          `${name} is claimed, but supports says no to every case with these operands, or the suite has none`,
        );
    }
    return problems.list;
  },
};

export const refusals: ContractCheck = {
  name: "prepare rejects what supports refuses",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const refused = cases.filter(({ spec }) => !backend.supports(spec).supported);
    for (const { id, spec } of refused.slice(0, 3))
      await problems.expectError("UNSUPPORTED", `prepare of ${id}, which supports refuses,`, () =>
        backend.prepare<AnySpec["op"]>(spec),
      );
    return problems.list;
  },
};
