// Elementwise kernels are programs: operands, which are brought to strips of some hundred elements whatever their shapes, and
// steps, each of which makes a strip of others. What lies between two steps never leaves the first-level cache. The host
// writes programs with src/elementwise/program.ts.
import * as code from "../src/codes";
import { binaryStrip } from "./binary";
import { decode, decodeDouble, decodeInteger, encode, encodeDouble, encodeInteger } from "./formats";
import { binaryIntegers } from "./integers";
import { pack, unpack } from "./packing";
import { dequantizeStrip, quantizeStrip } from "./quantize";
import { lookupStrip, selectStrip } from "./select";
import { scratch } from "./simd";
import { sumOfCodesStrip } from "./sum-of-codes";
import { unaryStrip } from "./unary";

@unmanaged
class Program {
  /** Elements of the result; those that one unit of a range means; most elements of a strip. */
  count: i32;
  unit: i32;
  strip: i32;
  /** 1: strips run on over the ends of rows. */
  spanning: i32;
  /** The result as rows: their length, and the number of axes before them. */
  rowLength: i32;
  axes: i32;
  operands: i32;
  constants: i32;
  steps: i32;
  /** Of an element of the result. */
  bits: i32;
  /** Places in the memory of the thread: the result's last elements, the state of the walk, the results of steps. */
  stage: i32;
  state: i32;
  slots: i32;
  slotBytes: i32;
  unused1: i32;
  unused2: i32;
}

/** An operand is laid out like the result, or is read along rows, or is a table that every strip sees as it is. */
const FLAT = 0;
const ROWS = 1;

@unmanaged
class Operand {
  /** Which of the arguments it is, or -1: it lies at `address`. */
  source: i32;
  address: usize;
  bits: i32;
  kind: i32;
  /** Along a row: 1, or 0 where one element is repeated. */
  step: i32;
  /** Place in the memory of the thread. */
  buffer: i32;
  /** 1: all strips see the same elements. */
  constant: i32;
  unused: i32;
  // Then its strides, one for each axis.
}

@unmanaged
class Step {
  kind: i32;
  fn: i32;
  a: i32;
  b: i32;
  c: i32;
  /** Slot of the result, or -1: the result of the program. */
  to: i32;
  alpha: f32;
  beta: f32;
}

/** A strip: where it lies, and 1, or 0 for one vector of equal elements. */
@unmanaged
class Value {
  address: usize;
  step: i32;
}

/** What a thread knows of the program that it runs: where its parts lie, and how far it has come. At the start of `scratch`. */
@unmanaged
class Walk {
  lengths: usize;
  operands: usize;
  operandBytes: usize;
  /** A counter for each axis; of each operand its address, and the offset of its row. */
  counters: usize;
  bases: usize;
  offsets: usize;
  unused1: i32;
  unused2: i32;

  operandAt(i: i32): Operand {
    return changetype<Operand>(this.operands + i * <i32>this.operandBytes);
  }

  /** Address of an operand's element in this row. */
  rowAt(i: i32, operand: Operand, column: i32): usize {
    const offset = load<i32>(this.offsets + (i << 2)) + (operand.step ? column : 0);
    return load<usize>(this.bases + (i << 2)) + offset * (operand.bits >> 3);
  }
}

/** Values: operands come first, then constants, then results of steps. */
// @ts-ignore: decorator
@inline
function valueAt(i: i32): Value {
  return changetype<Value>(scratch + offsetof<Walk>() + (<usize>i << 3));
}

/** [begin, end) counts units. x0 to x5: the operands that are arguments. */
export function runProgram(begin: i32, end: i32, program: usize, y: usize, x0: usize, x1: usize, x2: usize, x3: usize, x4: usize, x5: usize): void {
  const p = changetype<Program>(program);
  const walk = changetype<Walk>(scratch);
  walk.lengths = program + offsetof<Program>();
  walk.operands = walk.lengths + (p.axes << 2);
  walk.operandBytes = offsetof<Operand>() + (p.axes << 2);
  walk.counters = scratch + p.state;
  walk.bases = walk.counters + (p.axes << 2);
  walk.offsets = walk.bases + (p.operands << 2);
  const steps = walk.operands + p.operands * <i32>walk.operandBytes;
  const constants = steps + p.steps * offsetof<Step>();
  for (let i = 0; i < p.operands; i++) store<usize>(walk.bases + (i << 2), baseOf(walk.operandAt(i), x0, x1, x2, x3, x4, x5));
  for (let i = 0; i < p.constants; i++) {
    const value = valueAt(p.operands + i);
    value.address = constants + (i << 4);
    value.step = 0;
  }
  let at = begin * p.unit;
  const stop = min(end * p.unit, p.count);
  let column = enterRow(walk, p, at);
  for (let first = true; at < stop; first = false) {
    const most = min(p.strip, stop - at);
    const count = p.spanning ? most : min(most, p.rowLength - column);
    place(walk, p, at, column, count, first);
    // Steps may compute a few elements more; only before the end of the range is there room for them in the result.
    const room = at + ((count + code.STRIP_ALIGNMENT - 1) & -code.STRIP_ALIGNMENT) <= stop;
    const target = y + <usize>((<u64>at * p.bits) >> 3);
    const result = room ? target : scratch + p.stage;
    for (let i = 0; i < p.steps; i++)
      runStep(p, changetype<Step>(steps + i * offsetof<Step>()), valueAt(p.operands + p.constants + i), result, count);
    if (!room) copyResult(target, result, count * p.bits);
    at += count;
    column += count;
    if (p.spanning) column %= p.rowLength;
    else if (column == p.rowLength) {
      column = 0;
      nextRow(walk, p);
    }
  }
}

function baseOf(operand: Operand, x0: usize, x1: usize, x2: usize, x3: usize, x4: usize, x5: usize): usize {
  switch (operand.source) {
    case 0: return x0;
    case 1: return x1;
    case 2: return x2;
    case 3: return x3;
    case 4: return x4;
    case 5: return x5;
    default: return operand.address;
  }
}

/** Copies whole bytes; bits of the last one that belong to no element are 0. */
function copyResult(to: usize, from: usize, bits: i32): void {
  const bytes = (bits + 7) >> 3;
  memory.copy(to, from, bytes);
  const last = to + bytes - 1;
  if (bits & 7) store<u8>(last, <u8>(<i32>load<u8>(last) & ((1 << (bits & 7)) - 1)));
}

/** Sets the walk to the row in which an element lies, and returns its column. */
function enterRow(walk: Walk, p: Program, at: i32): i32 {
  let row = at / p.rowLength;
  const column = at - row * p.rowLength;
  for (let i = 0; i < p.operands; i++) store<i32>(walk.offsets + (i << 2), 0);
  for (let axis = p.axes - 1; axis >= 0; axis--) {
    const length = load<i32>(walk.lengths + (axis << 2));
    const index = row % length;
    row /= length;
    store<i32>(walk.counters + (axis << 2), index);
    moveAlong(walk, p, axis, index);
  }
  return column;
}

function nextRow(walk: Walk, p: Program): void {
  for (let axis = p.axes - 1; axis >= 0; axis--) {
    const counter = walk.counters + (axis << 2);
    const index = load<i32>(counter) + 1;
    const length = load<i32>(walk.lengths + (axis << 2));
    moveAlong(walk, p, axis, index < length ? 1 : 1 - length);
    store<i32>(counter, index < length ? index : 0);
    if (index < length) return;
  }
}

/** Moves the rows of all operands. */
function moveAlong(walk: Walk, p: Program, axis: i32, by: i32): void {
  for (let i = 0; i < p.operands; i++) {
    const stride = load<i32>(changetype<usize>(walk.operandAt(i)) + offsetof<Operand>() + (axis << 2));
    const offset = walk.offsets + (i << 2);
    store<i32>(offset, load<i32>(offset) + stride * by);
  }
}

/** Makes the values of all operands for the elements from `at` on. */
function place(walk: Walk, p: Program, at: i32, column: i32, count: i32, first: bool): void {
  let gathered = false;
  for (let i = 0; i < p.operands; i++) {
    const operand = walk.operandAt(i);
    const value = valueAt(i);
    const base = load<usize>(walk.bases + (i << 2));
    value.step = 1;
    if (operand.kind == FLAT) value.address = base + <usize>((<u64>at * operand.bits) >> 3);
    else if (operand.kind != ROWS) value.address = base;
    else if (p.spanning) {
      value.address = scratch + operand.buffer;
      if (first || !operand.constant) gathered = true;
    } else if (operand.step) value.address = walk.rowAt(i, operand, column);
    else {
      value.step = 0;
      value.address = scratch + operand.buffer;
      const bytes = operand.bits >> 3;
      repeat(value.address, walk.rowAt(i, operand, 0), bytes, code.STRIP_ALIGNMENT * bytes);
    }
  }
  if (gathered) gather(walk, p, column, count, first);
}

/** Lays out the operands that are not as the result is, row by row. */
function gather(walk: Walk, p: Program, column: i32, count: i32, first: bool): void {
  for (let done = 0; done < count; ) {
    const part = min(count - done, p.rowLength - column);
    for (let i = 0; i < p.operands; i++) {
      const operand = walk.operandAt(i);
      if (operand.kind != ROWS || (operand.constant && !first)) continue;
      const bytes = operand.bits >> 3;
      const to = scratch + operand.buffer + done * bytes;
      const from = walk.rowAt(i, operand, column);
      if (operand.step) for (let k = 0; k < part * bytes; k += 16) v128.store(to + k, v128.load(from + k));
      else repeat(to, from, bytes, part * bytes);
    }
    done += part;
    column += part;
    if (column == p.rowLength) {
      column = 0;
      nextRow(walk, p);
    }
  }
}

/** Fills `length` bytes, and up to 15 more, with one element of `bytes` bytes. */
function repeat(to: usize, from: usize, bytes: i32, length: i32): void {
  let x: v128;
  if (bytes == 1) x = v128.load8_splat(from);
  else if (bytes == 2) x = v128.load16_splat(from);
  else if (bytes == 4) x = v128.load32_splat(from);
  else x = v128.load64_splat(from);
  for (let k = 0; k < length; k += 16) v128.store(to + k, x);
}

/** One strip of a step's result. Where all it reads repeats one element, so does the result. */
function runStep(p: Program, s: Step, value: Value, result: usize, elements: i32): void {
  const a = valueAt(s.a);
  const b = valueAt(s.b);
  const c = valueAt(s.c);
  const to = s.to < 0 ? result : scratch + p.slots + s.to * p.slotBytes;
  let step = a.step;
  if (s.kind == code.BINARY || s.kind == code.BINARY_SIGNED || s.kind == code.BINARY_UNSIGNED) step |= b.step;
  else if (s.kind == code.QUANTIZE || s.kind == code.DEQUANTIZE || s.kind == code.WHERE) step |= b.step | c.step;
  value.address = to;
  value.step = step;
  const count = step ? elements : code.STRIP_ALIGNMENT;
  const whole = (count + 3) & ~3;
  switch (s.kind) {
    case code.DECODE: return decode(s.fn, a.address, to, count);
    case code.ENCODE: return encode(s.fn, a.address, to, count);
    case code.DECODE_INTEGER: return decodeInteger(s.fn, a.address, to, count);
    case code.ENCODE_INTEGER: return encodeInteger(s.fn, a.address, to, count);
    case code.DECODE_DOUBLE: return decodeDouble(s.fn, s.alpha != 0, a.address, to, count);
    case code.ENCODE_DOUBLE: return encodeDouble(s.fn, a.address, to, count);
    case code.UNPACK: return unpack(s.fn, a.address, to, count);
    case code.PACK: return pack(s.fn, a.address, to, count);
    case code.UNARY: return unaryStrip(s.fn, s.alpha, s.beta, a.address, to, whole);
    case code.BINARY: return binaryStrip(s.fn, a.address, a.step, b.address, b.step, to, whole);
    case code.BINARY_SIGNED: return binaryIntegers<i64>(s.fn, a.address, a.step, b.address, b.step, to, count, <i32>s.alpha);
    case code.BINARY_UNSIGNED: return binaryIntegers<u64>(s.fn, a.address, a.step, b.address, b.step, to, count, <i32>s.alpha);
    case code.QUANTIZE: return quantizeStrip(s.fn, s.alpha, s.beta, a.address, b.address, b.step, c.address, c.step, to, count);
    case code.DEQUANTIZE: return dequantizeStrip(s.fn, a.address, b.address, b.step, c.address, c.step, to, count);
    case code.WHERE: return selectStrip(s.fn, a.address, a.step, b.address, b.step, c.address, c.step, to, count);
    case code.SUM_OF_CODES: return sumOfCodesStrip(s.fn, a.address, b.address, c.address, to, count);
    case code.LOOKUP: return lookupStrip(a.address, b.address, to, count);
    default: memory.copy(to, a.address, (count * p.bits + 7) >> 3);
  }
}
