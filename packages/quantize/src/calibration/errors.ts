/** What can be wrong with calibration data, and with what is read back of it. */
import { QuantizeError } from "../errors.ts";

/** A value of the model that is NaN or infinite for some data. */
export class CalibrationError extends QuantizeError {
  override readonly code = "CALIBRATION";
  /** Name of the value. */
  readonly value: string;
  /** Number of the batch, from 0. */
  readonly batch: number;
  /** Position of the element in the value. */
  readonly index: number;
  /** NaN or an infinity. */
  readonly found: number;
  constructor(value: string, batch: number, index: number, found: number) {
    super(
      `value ${JSON.stringify(value)} is ${found} at index ${index} for batch ${batch}; ` +
        "check the preprocessing of that batch, or whether the model overflows, before choosing a range",
    );
    this.value = value;
    this.batch = batch;
    this.index = index;
    this.found = found;
  }
}

/** Bytes that are no calibration, or one of another version. */
export class CalibrationFormatError extends QuantizeError {
  override readonly code = "CALIBRATION_FORMAT";
  /** Position in the bytes. */
  readonly offset: number;
  constructor(detail: string, offset: number) {
    super(`not a calibration that can be read, at byte ${offset}: ${detail}; calibrate again`);
    this.offset = offset;
  }
}
