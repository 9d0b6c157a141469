/**
 * A calibration as bytes: a version, then each value with its extremes, its histogram as runs of counts, and its
 * channels. Some kilobytes for each value, and nothing that would have to be trusted when it is read.
 */
import { ArgumentError, checkHistogram, type HistogramData } from "@bitbudget/core";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { BINS, type ObservedCalibration, observedCalibration, type ValueData } from "./observed.ts";
import type { ChannelStatistics } from "./statistics.ts";

const MAGIC = "bitbudget calibration";
/** Changes with the layout of the bytes, and with what the statistics mean. */
export const CALIBRATION_VERSION = 1;

export function calibrationToBytes(calibration: ObservedCalibration): Uint8Array {
  const writer = new ByteWriter();
  writer.text(MAGIC);
  writer.integer(CALIBRATION_VERSION);
  writer.integer(calibration.samples);
  writer.integer(calibration.names.length);
  for (const name of calibration.names) {
    const { histogram, average, channels } = calibration.value(name);
    writer.text(name);
    writer.integer(histogram.total);
    if (histogram.total > 0) {
      writeHistogram(writer, histogram);
      writer.doubles(average.min, average.max);
    }
    writeChannels(writer, channels);
  }
  return writer.finish();
}

/** @throws CalibrationFormatError for bytes that are no calibration, of another version, or that contradict themselves */
export function calibrationFromBytes(bytes: Uint8Array): ObservedCalibration {
  const reader = new ByteReader(bytes);
  if (bytes.length < MAGIC.length + 3 || reader.text() !== MAGIC) reader.fail("it begins otherwise");
  const version = reader.integer();
  if (version !== CALIBRATION_VERSION)
    reader.fail(`it is of version ${version}, and this reads version ${CALIBRATION_VERSION}`);
  const samples = reader.integer();
  const count = reader.length("values", 3);
  const values = new Map<string, ValueData>();
  for (let i = 0; i < count; i++) {
    const value = readValue(reader);
    if (values.has(value.name)) reader.fail(`value ${JSON.stringify(value.name)} is there twice`);
    values.set(value.name, value);
  }
  if (reader.left > 0) reader.fail(`${reader.left} bytes are left over`);
  return observedCalibration(samples, [...values.values()]);
}

function readValue(reader: ByteReader): ValueData {
  const name = reader.text();
  const total = reader.integer();
  const histogram = total === 0 ? noData : readHistogram(reader, total);
  const average = total === 0 ? noRange : { min: reader.double(), max: reader.double() };
  const { min, max } = histogram;
  if (total > 0 && !(average.min >= min && average.min <= average.max && average.max <= max))
    reader.fail(`the moving average of ${JSON.stringify(name)} is no range within what was seen`);
  return { name, histogram, average, channels: readChannels(reader) };
}

const noRange = { min: Infinity, max: -Infinity };
const noData: HistogramData = { width: 0, first: 0, counts: new Float64Array(), ...noRange, total: 0 };

function writeHistogram(writer: ByteWriter, { width, first, counts, min, max }: HistogramData): void {
  writer.doubles(min, max);
  writer.signed(Math.log2(width));
  writer.signed(first);
  writer.integer(counts.length);
  for (const count of counts) writer.integer(count);
}

function readHistogram(reader: ByteReader, total: number): HistogramData {
  const [min, max] = [reader.double(), reader.double()];
  const width = 2 ** reader.signed();
  const first = reader.signed();
  const length = reader.length("bins");
  if (length > BINS) reader.fail(`a histogram has ${length} bins, more than ${BINS}`);
  const counts = Float64Array.from({ length }, () => reader.integer());
  const histogram = { width, first, counts, min, max, total };
  try {
    checkHistogram(histogram);
  } catch (error) {
    if (error instanceof ArgumentError) reader.fail(error.message);
    throw error;
  }
  return histogram;
}

/** 0 for none; else whether they are along axis 1 (1) or the last one (2). */
function writeChannels(writer: ByteWriter, channels: ChannelStatistics | undefined): void {
  writer.integer(channels === undefined ? 0 : channels.axis === 1 ? 1 : 2);
  if (channels === undefined) return;
  const { count, min, max, mean, meanSquare } = channels;
  writer.integer(count);
  writer.integer(min.length);
  for (const values of [min, max, mean, meanSquare]) writer.floats(values);
}

function readChannels(reader: ByteReader): ChannelStatistics | undefined {
  const kind = reader.integer();
  if (kind === 0) return undefined;
  if (kind > 2) reader.fail(`channels are of kind ${kind}`);
  const count = reader.integer();
  const length = reader.length("channels", 16);
  const read = () => {
    const values = reader.floats(length);
    if (!values.every(Number.isFinite)) reader.fail("a statistic of a channel is not finite");
    return values;
  };
  const [min, max, mean, meanSquare] = [read(), read(), read(), read()];
  if (!min.every((low, c) => low <= max[c]! && meanSquare[c]! >= 0))
    reader.fail("a channel contradicts itself");
  return { axis: kind === 1 ? 1 : -1, count, min, max, mean, meanSquare };
}
