import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JournalError, type Json, readJournal } from "../../src/index.ts";
import { writeLine } from "../../src/study/journal.ts";

const header: Json = {
  format: "bitbudget study",
  version: 1,
  problem: "1-00000000",
  algorithm: "random",
  settings: { a: [1, "x", null] },
  seed: 1,
  parallel: 2,
};
const trials: Json[] = [
  { id: 0, configuration: [0, 1], loss: 0.1 + 0.2, costs: { latencyMs: 1.5 }, details: { low: 0.1 } },
  { id: 2, configuration: [1, 1], failed: 'no kernel for "ä"' },
  { id: 1, configuration: [0, 0], loss: -5e-324 },
];
const lines = [header, ...trials].map(writeLine);
const journal = joined(lines);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe("a journal", () => {
  test("is read as it was written, each line being JSON", () => {
    const content = readJournal(journal);
    expect(content.header).toEqual(header);
    expect(content.trials.map(({ id }) => id)).toEqual([0, 2, 1]);
    expect(content.trials[0]?.outcome).toEqual({
      loss: 0.1 + 0.2,
      costs: { latencyMs: 1.5 },
      details: { low: 0.1 },
    });
    expect(content.trials[1]?.outcome).toEqual({ failed: 'no kernel for "ä"' });
    expect(content).toMatchObject({ length: journal.length, torn: 0 });
    const texts = new TextDecoder().decode(journal).trimEnd().split("\n");
    expect(texts.map((text) => JSON.parse(text).record)).toEqual([header, ...trials]);
    // The check value of CRC-32.
    expect(new TextDecoder().decode(writeLine(123456789))).toBe('{"crc32":"cbf43926","record":123456789}\n');
  });

  test("that was cut anywhere has all complete lines", () => {
    for (let length = 0; length <= journal.length; length++) {
      const content = readJournal(journal.subarray(0, length));
      const ends = lines.map((_, i) => joined(lines.slice(0, i + 1)).length);
      const whole = ends.filter((end) => end <= length).length;
      expect(content.trials.length).toBe(Math.max(0, whole - 1));
      expect(content.length).toBe(ends[whole - 1] ?? 0);
      expect(content.length + content.torn).toBe(length);
    }
  });

  test("whose last line is damaged lacks that line alone", () => {
    const damaged = journal.slice();
    damaged[journal.length - 10]! ^= 1;
    expect(readJournal(damaged).trials).toHaveLength(2);
  });

  test("that is damaged before says where", () => {
    const damaged = journal.slice();
    const offset = lines[0]!.length + lines[1]!.length;
    damaged[offset + 40]! ^= 1;
    const read = () => readJournal(damaged);
    expect(read).toThrow(JournalError);
    expect(read).toThrow(expect.objectContaining({ line: 3, offset, code: "JOURNAL" }));
  });

  test.each<[string, Uint8Array, string]>([
    ["is another file", new TextEncoder().encode("name,price\nbread,2\n"), "damaged"],
    ["is another file without a line", new TextEncoder().encode("hello"), "no journal"],
    ["begins with a trial", lines[1]!, "no header"],
    ["has a trial twice", joined([...lines, lines[1]!]), "twice"],
    ["is of a later version", writeLine({ ...header, version: 2 }), "version 2"],
    [
      "has an index that is none",
      joined([lines[0]!, writeLine({ id: 0, configuration: [0.5], loss: 1 })]),
      "indices",
    ],
    [
      "has a loss that is none",
      joined([lines[0]!, writeLine({ id: 0, configuration: [0], loss: null })]),
      "loss",
    ],
    [
      "has a cost that is none",
      joined([lines[0]!, writeLine({ id: 0, configuration: [0], loss: 1, costs: { a: -1 } })]),
      "-1",
    ],
    ["has no numbers", joined([lines[0]!, writeLine([])]), "no object"],
  ])("that %s is refused", (_, bytes, message) => {
    expect(() => readJournal(bytes)).toThrow(JournalError);
    expect(() => readJournal(bytes)).toThrow(message);
  });

  test("of any bytes is read, or an error of its own kind", () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        const { length, torn } = readJournal(bytes);
        expect(length + torn).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(JournalError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt));
    // A whole journal with a few bytes changed, taken away or added.
    const edit = fc.record({
      at: fc.nat(journal.length - 1),
      remove: fc.nat(5),
      add: fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constantFrom(...lines)),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const bytes = [...journal];
        for (const { at, remove, add } of edits) bytes.splice(at, remove, ...add);
        attempt(Uint8Array.from(bytes));
      }),
      { numRuns: 500 },
    );
    // Right checksums around anything.
    fc.assert(fc.property(fc.jsonValue(), (value) => attempt(joined([lines[0]!, writeLine(value as Json)]))));
    const forged = fc.record(
      { id: fc.jsonValue(), configuration: fc.jsonValue(), loss: fc.jsonValue(), costs: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(forged, (value) => attempt(joined([lines[0]!, writeLine(value as Json)]))));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => attempt(writeLine({ ...header, settings: value as Json }))),
    );
  });
});
