/**
 * Elementwise kernels as programs for assembly/program.as: operands of any shapes that broadcast, and steps that each make
 * a strip of elements out of others. A kernel describes what it computes with `ProgramBuilder`, strip by strip; how long
 * strips are, where they lie and how rows are walked is settled here.
 */
import { broadcastStrides, type CommonAxis, mergeAxes } from "@bitbudget/backend";
import { dtypes, elementCount, type TensorType } from "@bitbudget/core";
import { STRIP_ALIGNMENT } from "../codes.ts";
import { type Context, SCRATCH_BYTES } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";

/** Elements of one operand or result. Belongs to the builder that made it. */
export type Strip = Operand | Constant | Step;

interface Operand {
  readonly role: "operand";
  /** Which input of the kernel it is, or -1: it lies at `address`. */
  readonly source: number;
  readonly address: number;
  /** Of one element. */
  readonly bits: number;
  /** undefined: a table, which every strip sees as it is. */
  readonly shape: readonly number[] | undefined;
}

interface Constant {
  readonly role: "constant";
  /** 16 bytes, or several times as many where a step reads them so. */
  readonly words: Int32Array;
}

interface Step {
  readonly role: "step";
  readonly kind: number;
  readonly fn: number;
  readonly of: readonly Strip[];
  readonly bits: number;
  readonly alpha: number;
  readonly beta: number;
}

export interface StepOptions {
  /** Bits of an element of the result. Default: 32. */
  readonly bits?: number;
  readonly alpha?: number;
  readonly beta?: number;
}

/** Rows shorter than this are joined: a strip of them costs as much as a longer one. */
const SHORT_ROW = 100;
const SHORT_CONSTANT_ROW = 256;
/** Elements of a strip: a few strips of 4 bytes stay in the first-level cache. */
const STRIP = 1024;
/** The same where nothing is kept between steps, so that there is no reason to stop. */
const LONG_STRIP = 8192;
/** Steps write up to 15 elements of up to 8 bytes more than a strip has, and operands are read as vectors. */
const SLACK = 128;
/** Of `Walk` in assembly/program.as. */
const WALK_BYTES = 32;
const VALUE_BYTES = 8;
/** How an operand is read: laid out like the result, along rows that repeat, or whole. */
const [FLAT, ROWS, TABLE] = [0, 1, 2];

export class ProgramBuilder {
  readonly #type: TensorType;
  readonly #operands: Operand[] = [];
  readonly #constants: Constant[] = [];
  readonly #steps: Step[] = [];

  /** For a result of this type. Any shape with the same elements in the same order will do. */
  constructor(type: TensorType) {
    this.#type = type;
  }

  /** An input of the kernel, which broadcasts to the shape of the result. */
  input(source: number, { dtype, shape }: TensorType): Strip {
    return this.#operand({ role: "operand", source, address: 0, bits: dtypes[dtype].bits, shape });
  }

  /** Numbers that the kernel has in its memory, broadcast likewise. */
  stored(address: number, bits: number, shape: readonly number[]): Strip {
    return this.#operand({ role: "operand", source: -1, address, bits, shape });
  }

  table(address: number): Strip {
    return this.#operand({ role: "operand", source: -1, address, bits: 8, shape: undefined });
  }

  /** One number for all elements. */
  number(value: number): Strip {
    return this.#constant(new Int32Array(new Float32Array(4).fill(value).buffer));
  }

  /** Several numbers one after the other, for a step that reads them so; after all other constants. */
  numbers(values: readonly number[]): Strip {
    return this.#constant(
      new Int32Array(Float32Array.from(values.flatMap((value) => [value, value, value, value])).buffer),
    );
  }

  int32(value: number): Strip {
    return this.#constant(new Int32Array(4).fill(value));
  }

  int64(value: bigint): Strip {
    return this.#constant(new Int32Array(new BigInt64Array(2).fill(value).buffer));
  }

  /** `kind` and `fn` are codes (src/codes.ts). */
  step(
    kind: number,
    fn: number,
    of: readonly Strip[],
    { bits = 32, alpha = 0, beta = 0 }: StepOptions = {},
  ): Strip {
    const step: Step = { role: "step", kind, fn, of, bits, alpha, beta };
    this.#steps.push(step);
    return step;
  }

  /** The result is that of the last step. */
  build(context: Context, owned: Owned): Run {
    const count = elementCount(this.#type.shape);
    if (count === 0) return () => {};
    const { unit, words } = this.#layOut(count);
    const program = owned.store(words);
    const units = Math.ceil(count / unit);
    const work = count * this.#steps.length;
    return ([x0 = 0, x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0], [y]) =>
      context.run("runProgram", units, work, program, y!, x0, x1, x2, x3, x4, x5);
  }

  #operand(operand: Operand): Operand {
    this.#operands.push(operand);
    return operand;
  }

  #constant(words: Int32Array): Constant {
    const constant: Constant = { role: "constant", words };
    this.#constants.push(constant);
    return constant;
  }

  /** Whether some elements of an operand are read for several of the result. */
  #repeats({ shape }: Operand): boolean {
    return shape !== undefined && elementCount(shape) !== elementCount(this.#type.shape);
  }

  /** Whether operands that repeat are the same in every row, so that they need to be laid out but once. */
  #isRow(axes: readonly CommonAxis[]): boolean {
    return this.#operands.every(
      (operand, i) => !this.#repeats(operand) || axes.every(({ steps }) => steps[i] === 0),
    );
  }

  /** The program as assembly/program.as reads it. */
  #layOut(count: number): { readonly unit: number; readonly words: Int32Array } {
    const { dtype, shape } = this.#type;
    const { bits } = dtypes[dtype];
    const axes = mergeAxes(
      shape,
      this.#operands.map((operand) =>
        this.#repeats(operand) ? broadcastStrides(operand.shape ?? [], shape) : shape.map(() => 0),
      ),
    );
    const { length: row, steps } = axes.pop() ?? { length: 1, steps: this.#operands.map(() => 0) };
    const repeating = this.#operands.some((operand) => this.#repeats(operand));
    // Packed codes must start at whole bytes wherever a row ends.
    const packed = bits < 8 || this.#operands.some((operand) => operand.bits < 8);
    const spanning = repeating && (packed || row < (this.#isRow(axes) ? SHORT_CONSTANT_ROW : SHORT_ROW));
    const slots = this.#slots();
    const longest = slots.count === 0 && !spanning ? LONG_STRIP : STRIP;
    // Whole rows, where that is possible: operands that repeat from row to row are then laid out once.
    const strip = spanning && !packed ? longest - (longest % row) : longest;
    const unit = spanning ? strip : Math.min(strip, STRIP);

    const places = new Places(
      WALK_BYTES + VALUE_BYTES * (this.#operands.length + this.#constants.length + this.#steps.length),
    );
    const state = places.take(4 * axes.length + 8 * this.#operands.length);
    const stage = places.take((strip * bits) / 8 + SLACK);
    const operands = this.#operands.map((operand, i) => {
      const repeats = this.#repeats(operand);
      const kind = operand.shape === undefined ? TABLE : repeats ? ROWS : FLAT;
      const elements = spanning ? strip : STRIP_ALIGNMENT;
      const buffer = repeats ? places.take((elements * operand.bits) / 8 + SLACK) : 0;
      const strides = axes.map((axis) => axis.steps[i]!);
      const constant = strip % row === 0 && strides.every((stride) => stride === 0) ? 1 : 0;
      const { source, address } = operand;
      return [source, address, operand.bits, kind, steps[i]!, buffer, constant, 0, ...strides];
    });
    const slotBytes = align((strip * Math.max(0, ...this.#steps.map((step) => step.bits))) / 8 + SLACK);
    const slotsAt = places.take(slotBytes * slots.count);
    const lengths = axes.map(({ length }) => length);
    const parts = [operands.length, this.#constants.length, this.#steps.length];
    const header = [count, unit, strip, spanning ? 1 : 0, row, axes.length, ...parts];
    const program = [header, [bits, stage, state, slotsAt, slotBytes, 0, 0], lengths, ...operands];
    const words = [
      ...program.flat(),
      ...this.#stepWords(slots.of),
      ...this.#constants.flatMap((c) => [...c.words]),
    ];
    return { unit, words: Int32Array.from(words) };
  }

  #stepWords(slots: readonly number[]): number[] {
    const values: readonly Strip[] = [...this.#operands, ...this.#constants, ...this.#steps];
    const numbers = new Map(values.map((strip, i) => [strip, i]));
    return this.#steps.flatMap(({ kind, fn, of, alpha, beta }, i) => {
      const [a = 0, b = 0, c = 0] = of.map((strip) => numbers.get(strip)!);
      return [kind, fn, a, b, c, slots[i]!, ...new Int32Array(Float32Array.of(alpha, beta).buffer)];
    });
  }

  /** Where each step leaves its result: -1 for the last, else a slot, which is used again when nothing reads it any more. */
  #slots(): { readonly count: number; readonly of: readonly number[] } {
    const lastUse = new Map<Strip, number>();
    for (const [i, { of }] of this.#steps.entries()) for (const strip of of) lastUse.set(strip, i);
    const slotOf = new Map<Strip, number>();
    const free: number[] = [];
    let count = 0;
    for (const [i, step] of this.#steps.entries()) {
      const last = i === this.#steps.length - 1;
      // Before those that it reads are freed: steps that widen must not write over what they have yet to read.
      slotOf.set(step, last ? -1 : (free.pop() ?? count++));
      for (const strip of new Set(step.of))
        if (strip.role === "step" && lastUse.get(strip) === i) free.push(slotOf.get(strip)!);
    }
    return { count, of: this.#steps.map((step) => slotOf.get(step)!) };
  }
}

/** Hands out places in the memory of a thread, whose end `scratch` of assembly/simd.as has 64 bytes before. */
class Places {
  #end: number;

  constructor(used: number) {
    this.#end = align(used);
  }

  /** @throws Error where there are none left, which the limits of the contract rule out */
  take(bytes: number): number {
    const at = this.#end;
    this.#end += align(bytes);
    if (this.#end > SCRATCH_BYTES - 64)
      throw new Error(`an elementwise program needs more than ${SCRATCH_BYTES} bytes for its strips`);
    return at;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
