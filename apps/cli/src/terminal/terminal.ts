/** Where results and progress go: results to stdout, all else to stderr; colours and moving lines on terminals alone. */
import { formatDuration } from "@bitbudget/train";

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

export class Terminal {
  readonly #out: Stream;
  readonly #error: Stream;
  readonly #colours: { readonly out: boolean; readonly error: boolean };
  #line = "";

  constructor(out: Stream, error: Stream, env: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#error = error;
    // https://no-color.org: any value that is not empty.
    const wanted = (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
    this.#colours = { out: wanted && out.isTTY === true, error: wanted && error.isTTY === true };
  }

  /** A result. */
  print(text: string): void {
    this.clear();
    this.#out.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? Number(each) : each), 2));
  }

  note(text: string): void {
    this.clear();
    this.#error.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(`${this.#paint("33", "warning:", this.#colours.error)} ${text}`);
  }

  fail(text: string): void {
    this.note(`${this.#paint("31", "error:", this.#colours.error)} ${text}`);
  }

  bold(text: string): string {
    return this.#paint("1", text, this.#colours.out);
  }

  /** A line that the next one replaces; nothing where nobody looks. */
  status(text: string): void {
    if (this.#error.isTTY !== true || text === this.#line) return;
    this.#line = text;
    this.#error.write(`\r\u001b[2K${text}`);
  }

  clear(): void {
    if (this.#line !== "") this.#error.write("\r\u001b[2K");
    this.#line = "";
  }

  #paint(code: string, text: string, isWanted: boolean): string {
    return isWanted ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** Says what is being done, how far it is, and how long it will take at the pace so far. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #stage = "";
  #last = 0;
  #began = 0;

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
  }

  /** @param of undefined where nobody knows */
  update(stage: string, done: number, of: number | undefined): void {
    const now = this.#now();
    // A stage that begins anew has a pace of its own.
    if (stage !== this.#stage || done < this.#last) [this.#stage, this.#began] = [stage, now];
    this.#last = done;
    const seconds = (now - this.#began) / 1000;
    const left = of !== undefined && done > 0 && seconds > 1 ? (seconds / done) * (of - done) : undefined;
    const count = of === undefined ? `${done}` : `${done}/${of}`;
    this.#terminal.status(`${stage} ${count}${left === undefined ? "" : `  ${formatDuration(left)} left`}`);
  }

  end(): void {
    this.#terminal.clear();
  }
}
