/**
 * What can be wrong with numbers, as data. Every error says what, where and what to do next; `code` is stable and
 * meant for programs, `message` for people.
 */

export abstract class BitbudgetError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** A shape that is not a list of non-negative integers, is too large, or does not fit its data. */
export class ShapeError extends BitbudgetError {
  readonly code = "SHAPE";
  readonly shape: readonly number[];
  constructor(message: string, shape: readonly number[]) {
    super(message);
    this.shape = shape;
  }
}

/** A scale that is zero, negative or not finite. */
export class ScaleError extends BitbudgetError {
  readonly code = "SCALE";
  readonly scale: number;
  /** Position in the array of scales. */
  readonly index: number;
  constructor(scale: number, index: number) {
    super(
      `scale ${scale} at index ${index} is not a positive finite number; ` +
        "determine the range from data that has at least one finite value, or pass the scale explicitly",
    );
    this.scale = scale;
    this.index = index;
  }
}

/** An axis outside of -rank to rank - 1. */
export class AxisError extends BitbudgetError {
  readonly code = "AXIS";
  readonly axis: number;
  readonly rank: number;
  constructor(axis: number, rank: number) {
    super(
      rank === 0
        ? `axis ${axis} does not exist: the tensor has no dimensions`
        : `axis ${axis} is out of range for a tensor of rank ${rank}; use ${-rank} to ${rank - 1}`,
    );
    this.axis = axis;
    this.rank = rank;
  }
}

/** A block size that is not a positive integer, or does not divide the axis it is laid along. */
export class BlockError extends BitbudgetError {
  readonly code = "BLOCK";
  readonly block: number;
  readonly length: number;
  readonly axis: number;
  constructor(block: number, length: number, axis: number) {
    super(
      `blocks of ${block} do not fit axis ${axis} of length ${length}; ` +
        "use a positive block size that divides the length, or pad the tensor",
    );
    this.block = block;
    this.length = length;
    this.axis = axis;
  }
}

/** A code that the format does not have. */
export class CodeError extends BitbudgetError {
  readonly code = "CODE";
  readonly value: number;
  readonly dtype: string;
  readonly index: number;
  constructor(value: number, dtype: string, index: number, allowed: string) {
    super(`${value} at index ${index} is not a code of ${dtype}; ${allowed}`);
    this.value = value;
    this.dtype = dtype;
    this.index = index;
  }
}

/** NaN among the data from which a range is determined. */
export class NaNError extends BitbudgetError {
  readonly code = "NAN";
  /** Position in the batch that was passed in. */
  readonly index: number;
  /** Number of the batch, from 0. */
  readonly batch: number;
  constructor(index: number, batch: number) {
    super(
      `the calibration data has NaN at index ${index} of batch ${batch}; ` +
        "find the layer or the preprocessing that makes it before determining a range",
    );
    this.index = index;
    this.batch = batch;
  }
}

/** An infinity among the data from which a range is determined. */
export class InfinityError extends BitbudgetError {
  readonly code = "INFINITY";
  readonly value: number;
  /** Position in the batch that was passed in. */
  readonly index: number;
  /** Number of the batch, from 0. */
  readonly batch: number;
  constructor(value: number, index: number, batch: number) {
    super(
      `the calibration data has ${value} at index ${index} of batch ${batch}; ` +
        "no finite range holds it: find the layer that overflows, or clip the data before determining a range",
    );
    this.value = value;
    this.index = index;
    this.batch = batch;
  }
}

/** A range that was asked for before any data was seen. */
export class NoDataError extends BitbudgetError {
  readonly code = "NO_DATA";
  constructor() {
    super(
      "no data was observed; call observe with at least one batch that is not empty before asking for a range",
    );
  }
}

/** Arguments that contradict each other or the documentation. */
export class ArgumentError extends BitbudgetError {
  readonly code = "ARGUMENT";
}
