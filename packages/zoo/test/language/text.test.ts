import { ArgumentError } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import {
  contextLength,
  decodeText,
  encodeText,
  readText,
  textSamples,
  textTensors,
  vocabulary,
  writeText,
} from "../../src/index.ts";
import { fnv1a } from "../support/hash.ts";

const samples = textSamples({ split: "train", count: 4000 });
/** Whole statements, each without its full stop. */
const statements = samples.flatMap(({ text }) => text.split(". ").slice(0, -1));
const ofKind = (first: RegExp) => statements.filter((statement) => first.test(statement));

describe("what statements say is true", () => {
  test("sums", () => {
    const sums = ofKind(/^\d/);
    expect(sums.length).toBeGreaterThan(1000);
    for (const text of sums) {
      const [, a, b, c] = /^(\d+)\+(\d+)=(\d+)$/.exec(text) ?? [];
      expect(Number(a) + Number(b), text).toBe(Number(c));
    }
  });

  test("brackets close in order and hold one, two or three items", () => {
    const groups = ofKind(/^[([{]/);
    expect(groups.length).toBeGreaterThan(1000);
    for (const text of groups) {
      // Innermost groups become items until one is left.
      let rest = text;
      for (let before = ""; before !== rest; ) {
        before = rest;
        rest = rest.replace(/\(\w\)|\[\w,\w\]|\{\w,\w,\w\}/, "x");
      }
      expect(rest, text).toBe("x");
    }
  });

  test("verbs agree with the first noun", () => {
    const sentences = ofKind(/^(a|the|two) /);
    expect(sentences.length).toBeGreaterThan(1000);
    const noun = "(?:blue |small |red |happy |quiet )?([a-z]+)";
    const sentence = new RegExp(`^(a|the|two) ${noun}(?: [a-z]+ (a|the|two) ${noun})? ([a-z]+)$`);
    let against = 0;
    for (const text of sentences) {
      const [, article, subject = "", otherArticle, other, verb = ""] = sentence.exec(text) ?? [];
      const plural = subject.endsWith("s");
      expect(verb.endsWith("s"), text).toBe(!plural);
      if (article !== "the") expect(plural, text).toBe(article === "two");
      if (otherArticle !== undefined && otherArticle !== "the")
        expect(other?.endsWith("s"), text).toBe(otherArticle === "two");
      if (other !== undefined && other.endsWith("s") !== plural) against++;
    }
    // The nearest noun misleads often enough to matter.
    expect(against).toBeGreaterThan(sentences.length / 8);
  });

  test("names keep their values", () => {
    const lists = ofKind(/^let /);
    expect(lists.length).toBeGreaterThan(800);
    for (const text of lists) {
      const [given = "", used = ""] = text.slice(4).split(";");
      const known = new Map(given.split(",").map((entry) => entry.split("=") as [string, string]));
      expect([2, 3]).toContain(known.size);
      for (const entry of used.split(",")) {
        const [name = "", value] = entry.split("=");
        expect(known.get(name), text).toBe(value);
      }
    }
  });
});

test("a predictable character is the only one that ever follows", () => {
  // What stands before it within its statement: statements do not depend on each other.
  const seen = new Map<string, { next: Set<string>; sure: boolean }>();
  for (const { text, predictable } of samples) {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const before = text.slice(start, i);
      const entry = seen.get(before) ?? { next: new Set(), sure: predictable[i] as boolean };
      entry.next.add(text[i] as string);
      expect(predictable[i], `${before}|${text[i]}`).toBe(entry.sure);
      seen.set(before, entry);
      if (text[i] === " " && text[i - 1] === ".") start = i + 1;
    }
  }
  for (const [before, { next, sure }] of seen) if (sure) expect(next.size, before).toBe(1);
});

test("probabilities are those with which characters come", () => {
  // By how often it was said, how often characters of that probability came: calibration, over all alternatives seen.
  const follow = new Map<
    string,
    { total: number; of: Map<string, { count: number; probability: number }> }
  >();
  for (const { text, probabilities } of samples) {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const before = text.slice(start, i);
      const entry = follow.get(before) ?? { total: 0, of: new Map() };
      entry.total++;
      const one = entry.of.get(text[i] as string) ?? { count: 0, probability: probabilities[i] as number };
      one.count++;
      entry.of.set(text[i] as string, one);
      follow.set(before, entry);
      if (text[i] === " " && text[i - 1] === ".") start = i + 1;
    }
  }
  let checked = 0;
  for (const [before, { total, of }] of follow) {
    if (total < 500) continue;
    for (const [character, { count, probability }] of of) {
      checked++;
      const deviation = Math.sqrt(total * probability * (1 - probability));
      expect(Math.abs(count - total * probability), `${before}|${character}`).toBeLessThanOrEqual(
        5 * deviation,
      );
    }
  }
  expect(checked).toBeGreaterThan(40);
});

test("about half of the characters are predictable, and the rest are not", () => {
  const flags = samples.flatMap(({ predictable }) => predictable.slice(1));
  const share = flags.filter(Boolean).length / flags.length;
  expect(share).toBeGreaterThan(0.45);
  expect(share).toBeLessThan(0.7);
});

test("a sample depends on split, seed and its number alone", () => {
  expect(textSamples({ split: "train", start: 7, count: 1 })).toEqual([samples[7]]);
  const of = (split: "train" | "validation" | "test", seed = 0) =>
    textSamples({ split, seed, count: 1 })[0]?.text;
  expect(new Set([of("train"), of("validation"), of("test"), of("test", 1)]).size).toBe(4);
  const training = new Set(samples.map(({ text }) => text));
  for (const { text } of textSamples({ split: "test", count: 1000 })) expect(training.has(text)).toBe(false);
});

// Recorded: the committed model was trained and tested on this very text.
test("the first 100 samples of the test split are those that were recorded", () => {
  const text = textSamples({ split: "test", count: 100 }).map((sample) => sample.text);
  expect(fnv1a(new TextEncoder().encode(text.join("\n")))).toBe("102ac5f5");
});

describe("tokens", () => {
  test("there are at most 64, and each is a character that occurs", () => {
    expect(vocabulary.length).toBeLessThanOrEqual(64);
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    expect(new Set(samples.flatMap(({ text }) => [...text])).size).toBeGreaterThan(vocabulary.length - 4);
  });

  test("are there and back again, shifted by one", () => {
    const { tokens, next } = textTensors(samples.slice(0, 3));
    expect([tokens.shape, next.shape]).toEqual([
      [3, contextLength],
      [3, contextLength],
    ]);
    for (let i = 0; i < 3; i++) {
      const row = ({ data }: typeof tokens) =>
        decodeText(data.slice(i * contextLength, (i + 1) * contextLength));
      expect(row(tokens)).toBe(samples[i]?.text.slice(0, -1));
      expect(row(next)).toBe(samples[i]?.text.slice(1));
    }
    expect(() => encodeText("good?")).toThrow('character 4, "?"');
    expect(() => decodeText([99])).toThrow(ArgumentError);
  });
});

describe("files of samples", () => {
  test("keep them", () => {
    const some = samples.slice(0, 20).map(({ text, predictable }) => ({ text, predictable }));
    expect(readText(writeText(some))).toEqual(some);
  });

  test("say what is wrong", () => {
    expect(() => readText("one line\n")).toThrow(ArgumentError);
    expect(() => readText("too short\n^^\n")).toThrow("lines 1 and 2");
  });
});
