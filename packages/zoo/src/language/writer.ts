/**
 * Writes text by random choices and keeps, for each character, the probability that it had. A grammar says only what may
 * come next; what is predictable, and how well the best reader could do, follow.
 */
import type { Random } from "../random.ts";

export class Writer {
  readonly #random: Random;
  readonly #probabilities: number[] = [];
  #text = "";
  /** Of a choice that was made and is seen only in the next character. */
  #pending = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  get text(): string {
    return this.#text;
  }

  /** For each character, its probability given all before it. */
  get probabilities(): readonly number[] {
    return this.#probabilities;
  }

  /** Text that must follow. */
  write(text: string): void {
    for (const character of text) this.#character(character, 1);
  }

  /**
   * One of several texts, all equally likely, none of which begins another: end them with what follows, as in
   * ["cat ", "cats "]. A character counts as certain where all texts that fit so far agree.
   */
  choose<T extends string>(options: readonly T[]): T {
    const chosen = this.#random.pick(options);
    let open: readonly string[] = options;
    for (let i = 0; i < chosen.length; i++) {
      const next = open.filter((option) => option[i] === chosen[i]);
      this.#character(chosen[i] as string, next.length / open.length);
      open = next;
    }
    return chosen;
  }

  /** One of several ways to go on, whose first characters must differ. Nothing is written yet. */
  branch<T>(ways: readonly T[]): T {
    this.#pending /= ways.length;
    return this.#random.pick(ways);
  }

  #character(character: string, probability: number): void {
    this.#text += character;
    this.#probabilities.push(probability * this.#pending);
    this.#pending = 1;
  }
}
