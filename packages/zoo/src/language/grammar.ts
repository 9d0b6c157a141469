/**
 * The language: statements of four kinds, each with something to learn beyond pairs of letters. A statement's first
 * character tells its kind, and its end is a full stop.
 *
 *     8+17=25.                           sums
 *     [a,(b)]. {x,[y,z],(q)}.            brackets: () hold one item, [] two, {} three
 *     two red dogs near a cat sing.      the verb agrees with the first noun, not with the nearest
 *     let nam=4,kol=7;kol=7,nam=4.       names are given a value, then used again
 */
import type { Writer } from "./writer.ts";

/** All characters; a token is a place in this string. */
export const vocabulary = "abcdefghijklmnopqrstuvwxyz0123456789 .,;=+()[]{}";

/** Writes one statement. */
export function statement(writer: Writer): void {
  writer.branch(kinds)(writer);
}

const kinds = [sum, brackets, sentence, names];

/** Two numbers below 30 and their sum. */
function sum(writer: Writer): void {
  const [a, b] = [Number.parseInt(writer.choose(left), 10), Number.parseInt(writer.choose(right), 10)];
  writer.write(`${a + b}.`);
}

const below30 = Array.from({ length: 30 }, (_, i) => i);
const left = below30.map((n) => `${n}+` as const);
const right = below30.map((n) => `${n}=` as const);

const pairs = ["()", "[]", "{}"] as const;
const letters = Array.from("abcdefghijklmnopqrstuvwxyz");

function brackets(writer: Writer): void {
  group(writer, 1);
  writer.write(".");
}

/** A bracket of some kind with as many items as it takes: groups, or letters. No more than three deep. */
function group(writer: Writer, depth: number): void {
  const kind = writer.branch([0, 1, 2] as const);
  const [open, close] = pairs[kind];
  writer.write(open as string);
  for (let i = 0; i <= kind; i++) {
    if (i > 0) writer.write(",");
    if (depth < 3 && writer.branch([true, false])) group(writer, depth + 1);
    else writer.choose(letters);
  }
  writer.write(close as string);
}

const nouns = ["cat", "dog", "bird", "robot", "farmer", "queen", "singer", "teacher"];
const adjectives = ["blue", "small", "red", "happy", "quiet"];
const places = ["near", "behind", "under", "beside"];
const verbs = ["sing", "sleep", "wait", "dream", "walk"];

/** "a" begins singular nouns, "two" plural ones, "the" both. The verb agrees with the first noun. */
function sentence(writer: Writer): void {
  const plural = nounPhrase(writer);
  if (writer.branch([true, false])) {
    writer.choose(places.map((place) => `${place} `));
    nounPhrase(writer);
  }
  writer.choose(verbs.map((verb) => (plural ? `${verb}.` : `${verb}s.`)));
}

/** Writes a noun with what belongs to it, and a space. Returns whether it is plural. */
function nounPhrase(writer: Writer): boolean {
  const article = writer.choose(["a ", "the ", "two "]);
  const forms = article === "a " ? [""] : article === "two " ? ["s"] : ["", "s"];
  const words = nouns.flatMap((noun) => forms.map((form) => `${noun}${form} `));
  // An adjective or none: one choice among all words, so that their letters compete.
  const first = writer.choose([...words, ...adjectives.map((adjective) => `${adjective} `)]);
  const noun = adjectives.includes(first.trimEnd()) ? writer.choose(words) : first;
  return noun.endsWith("s ");
}

const consonants = Array.from("bdfgklmnprstvz");
const vowels = Array.from("aeiou");
const digits = Array.from("0123456789");

const syllables = consonants.flatMap((c) => vowels.flatMap((v) => consonants.map((end) => `${c}${v}${end}`)));

/** Two or three names with digits, then one to three of them again. */
function names(writer: Writer): void {
  const known: string[] = [];
  writer.write("let ");
  do {
    const taken = known.map((entry) => entry.slice(0, 3));
    const name = writer.choose(syllables.filter((word) => !taken.includes(word)));
    writer.write("=");
    known.push(`${name}=${writer.choose(digits)}`);
  } while (writer.choose(known.length < 2 ? [","] : known.length < 3 ? [",", ";"] : [";"]) === ",");
  for (let used = 1; ; used++) {
    // The value is certain, and so is the name once its first letters are.
    writer.choose(known);
    if (writer.choose(used < 3 ? [",", "."] : ["."]) === ".") return;
  }
}
