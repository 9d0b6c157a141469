/** What can go wrong between a caller and a backend, as data. `code` is for programs, `message` for people. */
import { BitbudgetError, type TensorType } from "@bitbudget/core";
import type { OpName } from "./spec.ts";

/** A spec that contradicts itself: no backend could run it. */
export class SpecError extends BitbudgetError {
  readonly code = "SPEC";
  readonly op: OpName;
  /** Path of the offending part, e.g. "inputs[0].shape" or "attributes.groups". */
  readonly field: string;
  constructor(op: OpName, field: string, message: string) {
    super(`${op}: ${field} ${message}`);
    this.op = op;
    this.field = field;
  }
}

/** A sound spec that this backend does not run. */
export class UnsupportedError extends BitbudgetError {
  readonly code = "UNSUPPORTED";
  readonly backend: string;
  readonly op: OpName;
  readonly reason: string;
  constructor(backend: string, op: OpName, reason: string) {
    super(
      `${backend} does not support this ${op}: ${reason}; ask supports(spec) first, or use another backend`,
    );
    this.backend = backend;
    this.op = op;
    this.reason = reason;
  }
}

/** A tensor, weight or list of them that does not match what the spec says. */
export class OperandError extends BitbudgetError {
  readonly code = "OPERAND";
  /** Which one: "inputs[1]", "weights.scale". */
  readonly operand: string;
  readonly expected: string;
  readonly actual: string;
  constructor(op: string, operand: string, expected: string, actual: string) {
    super(`${op}: ${operand} must be ${expected}, but is ${actual}`);
    this.operand = operand;
    this.expected = expected;
    this.actual = actual;
  }
}

/** An index in a tensor of indices that no element has. */
export class IndexError extends BitbudgetError {
  readonly code = "INDEX";
  readonly index: number;
  /** Where it stands among the indices. */
  readonly position: number;
  /** Length of the axis that it selects from. */
  readonly length: number;
  constructor(index: number, position: number, length: number) {
    super(
      length === 0
        ? `index ${index} at position ${position} selects from an axis without elements`
        : `index ${index} at position ${position} is out of range for an axis of length ${length}; use ${-length} to ${length - 1}`,
    );
    this.index = index;
    this.position = position;
    this.length = length;
  }
}

/** A tensor or kernel for which the device has no memory left. */
export class OutOfMemoryError extends BitbudgetError {
  readonly code = "OUT_OF_MEMORY";
  /** Bytes that were asked for. */
  readonly requested: number;
  /** Bytes in use when they were. */
  readonly used: number;
  /** Bytes that the device may use altogether. */
  readonly limit: number;
  constructor(requested: number, used: number, limit: number) {
    super(
      `no memory for ${requested} bytes: ${used} of at most ${limit} bytes are in use; dispose tensors, kernels or sessions that are done with, or use smaller batches`,
    );
    this.requested = requested;
    this.used = used;
    this.limit = limit;
  }
}

/** Use of a backend, kernel or tensor after it was disposed. */
export class DisposedError extends BitbudgetError {
  readonly code = "DISPOSED";
  readonly subject: string;
  constructor(subject: string) {
    super(`${subject} was disposed; create it again before using it`);
    this.subject = subject;
  }
}

/** A measurement that would not mean anything. */
export class TimingError extends BitbudgetError {
  readonly code = "TIMING";
}

/** "float32 [2, 3]" */
export function describeType({ dtype, shape }: TensorType): string {
  return `${dtype} [${shape.join(", ")}]`;
}
