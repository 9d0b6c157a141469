/**
 * Sizes that may not be known as numbers: polynomials of symbols with whole coefficients, in one canonical form, so that
 * two sizes are equal exactly when their texts are.
 *
 * What a polynomial cannot say (a rounded quotient, a maximum) becomes a symbol of its own, named by its text, like
 * `floor((N + 1)/2)`. A size that is not even that is undefined, and so is all that is computed from it.
 */

/** A known size, or an expression of symbols. */
export type Dim = number | Expr;

/** A size, or undefined for one that nothing is known about. */
export type MaybeDim = Dim | undefined;

/** A product of symbols and how often it is taken. The empty product stands for 1. */
interface Term {
  readonly symbols: readonly string[];
  readonly times: number;
}

/** Expressions beyond this are not worth their memory, nor readable. */
const MOST_TERMS = 16;
const LONGEST_TEXT = 200;

export class Expr {
  /** Sorted, no two of the same symbols, none taken 0 times. At least one has symbols. */
  readonly terms: readonly Term[];
  readonly text: string;

  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.text = terms.map(termText).join("").replace(/^ \+ /, "").replace(/^ - /, "-");
  }

  toString(): string {
    return this.text;
  }
}

function termText({ symbols, times }: Term): string {
  const size = Math.abs(times);
  const factors = size === 1 && symbols.length > 0 ? symbols : [String(size), ...symbols];
  return `${times < 0 ? " - " : " + "}${factors.join("*")}`;
}

/** A symbol: sizes of the same name are the same. A name that is longer than any expression is none. */
export function symbol(name: string): MaybeDim {
  return name.length > LONGEST_TEXT ? undefined : new Expr([{ symbols: [name], times: 1 }]);
}

/** Whether two sizes are certainly the same. */
export function same(a: MaybeDim, b: MaybeDim): boolean {
  if (a === undefined || b === undefined) return false;
  return a === b || (typeof a !== "number" && typeof b !== "number" && a.text === b.text);
}

export function add(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (typeof a === "number" && typeof b === "number") return whole(a + b);
  return combine(a, b, (x, y) => [...x, ...y]);
}

export function subtract(a: MaybeDim, b: MaybeDim): MaybeDim {
  return add(a, multiply(b, -1));
}

export function multiply(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (typeof a === "number" && typeof b === "number") return whole(a * b);
  // Nothing is known of an undefined factor, not even that it is finite; but sizes are.
  if (a === 0 || b === 0) return 0;
  return combine(a, b, (x, y) =>
    x.flatMap((p) =>
      y.map((q) => ({ symbols: [...p.symbols, ...q.symbols].sort(), times: p.times * q.times })),
    ),
  );
}

export function product(dims: readonly MaybeDim[]): MaybeDim {
  if (dims.includes(0)) return 0;
  return dims.reduce<MaybeDim>(multiply, 1);
}

/** a / b rounded down. */
export function floorDivide(a: MaybeDim, b: MaybeDim): MaybeDim {
  return divide(a, b, "floor", Math.floor);
}

/** a / b rounded up. */
export function ceilDivide(a: MaybeDim, b: MaybeDim): MaybeDim {
  return divide(a, b, "ceil", Math.ceil);
}

export function maximum(a: MaybeDim, b: MaybeDim): MaybeDim {
  return extreme(a, b, "max", Math.max);
}

export function minimum(a: MaybeDim, b: MaybeDim): MaybeDim {
  return extreme(a, b, "min", Math.min);
}

/** a / b where b divides a for certain, whatever the symbols are; undefined where that is not certain. */
export function exactQuotient(a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === undefined || b === undefined || b === 0) return undefined;
  if (same(a, b)) return 1;
  const divisor = termsOf(b);
  if (divisor.length !== 1) return undefined;
  const [{ symbols, times }] = divisor as [Term];
  const quotient: Term[] = [];
  for (const term of termsOf(a)) {
    const rest = without(term.symbols, symbols);
    if (rest === undefined || term.times % times !== 0) return undefined;
    quotient.push({ symbols: rest, times: term.times / times });
  }
  return fromTerms(quotient);
}

function divide(a: MaybeDim, b: MaybeDim, name: string, round: (x: number) => number): MaybeDim {
  if (a === undefined || b === undefined || b === 0) return undefined;
  if (typeof a === "number" && typeof b === "number") return whole(round(a / b));
  const exact = exactQuotient(a, b);
  if (exact !== undefined) return exact;
  return symbol(`${name}(${enclosed(a, "+")}/${enclosed(b, "*")})`);
}

function extreme(a: MaybeDim, b: MaybeDim, name: string, choose: (a: number, b: number) => number): MaybeDim {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "number" && typeof b === "number") return choose(a, b);
  // Symbols stand for sizes, which are not negative, so the difference may settle it.
  const difference = subtract(a, b);
  if (difference === undefined) return undefined;
  const terms = termsOf(difference);
  // A symbol made of a difference may be negative all the same.
  const certain = terms.every(({ symbols }) => !symbols.some((name) => name.includes("-")));
  if (certain && terms.every(({ times }) => times >= 0)) return name === "max" ? a : b;
  if (certain && terms.every(({ times }) => times <= 0)) return name === "max" ? b : a;
  return symbol(`${name}(${[String(a), String(b)].sort().join(", ")})`);
}

/** The text of an operand, in parentheses when the operation inside binds no tighter than what is around. */
function enclosed(dim: Dim, inside: "+" | "*"): string {
  const text = String(dim);
  if (typeof dim === "number") return text;
  const [first, ...rest] = dim.terms;
  const isProduct = first !== undefined && (first.times !== 1 || first.symbols.length > 1);
  return rest.length > 0 || (inside === "*" && isProduct) ? `(${text})` : text;
}

function termsOf(dim: Dim): readonly Term[] {
  if (typeof dim !== "number") return dim.terms;
  return dim === 0 ? [] : [{ symbols: [], times: dim }];
}

function combine(
  a: MaybeDim,
  b: MaybeDim,
  join: (a: readonly Term[], b: readonly Term[]) => readonly Term[],
): MaybeDim {
  if (a === undefined || b === undefined || whole(a) === undefined || whole(b) === undefined)
    return undefined;
  return fromTerms(join(termsOf(a), termsOf(b)));
}

function fromTerms(terms: readonly Term[]): MaybeDim {
  const sums = new Map<string, Term>();
  for (const { symbols, times } of terms) {
    const key = symbols.join("*");
    sums.set(key, { symbols, times: times + (sums.get(key)?.times ?? 0) });
  }
  const kept = [...sums].filter(([, { times }]) => times !== 0);
  if (kept.some(([, { times }]) => !Number.isSafeInteger(times)) || kept.length > MOST_TERMS)
    return undefined;
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0]![1].symbols.length === 0) return kept[0]![1].times;
  // Symbols in alphabetical order, the number last.
  kept.sort(([x], [y]) => (x === "" ? 1 : y === "" ? -1 : x < y ? -1 : 1));
  const expr = new Expr(kept.map(([, term]) => term));
  return expr.text.length > LONGEST_TEXT ? undefined : expr;
}

/** The symbols that are left when some are taken away, or undefined when they are not all there. */
function without(symbols: readonly string[], taken: readonly string[]): string[] | undefined {
  const rest = [...symbols];
  for (const name of taken) {
    const at = rest.indexOf(name);
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest;
}

/** Only whole numbers are sizes, and their zero has no sign. */
function whole(dim: Dim): MaybeDim {
  if (typeof dim !== "number") return dim;
  return Number.isSafeInteger(dim) ? dim + 0 : undefined;
}
