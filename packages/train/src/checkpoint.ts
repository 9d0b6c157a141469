/**
 * Checkpoints: the state of training as bytes that say themselves what they are.
 *
 * 8 bytes "bbtrain" and the version; the length of the header as uint32; the header as JSON in UTF-8, padded with spaces
 * to a multiple of 4; float32 numbers: the parameters, each slot of the optimizer, the states; CRC-32 (ISO 3309) of all
 * that as uint32. Little-endian.
 */
import { elementCount } from "@bitbudget/core";
import { crc32 } from "./crc32.ts";
import { CheckpointError } from "./errors.ts";
import { type StateTypes, TrainingState } from "./state.ts";
import type { VariableType } from "./variables.ts";

const MAGIC = [...new TextEncoder().encode("bbtrain"), 1];
const START = MAGIC.length + 4;
const CHECKSUM = 4;
/** More than any optimizer remembers for an element; a forged header cannot ask for much memory with it. */
const MAX_SLOTS = 16;

export function writeCheckpoint(state: TrainingState): Uint8Array {
  const { types, step, epoch, batch, smoothedLoss } = state;
  const loss = Number.isFinite(smoothedLoss) ? smoothedLoss : null;
  const json = JSON.stringify({ ...types, step, epoch, batch, smoothedLoss: loss });
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 4) * 4;
  const numbers = state.arrays.reduce((sum, array) => sum + array.length, 0);
  const bytes = new Uint8Array(START + length + 4 * numbers + CHECKSUM);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, length, true);
  bytes.fill(0x20, START, START + length).set(text, START);
  let offset = START + length;
  for (const array of state.arrays) {
    new Float32Array(bytes.buffer, offset, array.length).set(array);
    offset += array.byteLength;
  }
  view.setUint32(offset, crc32(bytes.subarray(0, offset)), true);
  return bytes;
}

/** @throws CheckpointError for bytes that are no checkpoint, or not a whole one */
export function readCheckpoint(bytes: Uint8Array): TrainingState {
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new CheckpointError("it does not begin as checkpoints of this version do");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - CHECKSUM;
  if (end < START || end % 4 !== 0) throw new CheckpointError("it is cut off");
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end)))
    throw new CheckpointError("its checksum is wrong: it is damaged or cut off");
  const length = view.getUint32(MAGIC.length, true);
  if (length > end - START) throw new CheckpointError("its header is longer than the file");
  const header = parseHeader(bytes.subarray(START, START + length));
  const { types } = header;
  const numbers = sizeOf(types.parameters) * (1 + types.slots.length) + sizeOf(types.states);
  if (numbers * 4 !== end - START - length)
    throw new CheckpointError(
      `it has ${(end - START - length) / 4} numbers where its header needs ${numbers}`,
    );
  const state = new TrainingState(types);
  let offset = START + length;
  for (const array of state.arrays) {
    // A copy, which is aligned wherever the bytes are.
    const part = bytes.slice(offset, offset + array.byteLength);
    array.set(new Float32Array(part.buffer, part.byteOffset, array.length));
    offset += array.byteLength;
  }
  return Object.assign(state, header.counts);
}

/**
 * Puts a checkpoint in place of a state.
 * @throws CheckpointError for one of another model, other parameters or another optimizer, with the first that differs
 */
export function restore(state: TrainingState, bytes: Uint8Array): void {
  const saved = readCheckpoint(bytes);
  const [found, expected] = [saved.types, state.types].map(describe);
  for (let i = 0; i < Math.max(found!.length, expected!.length); i++)
    if (found![i] !== expected![i])
      throw new CheckpointError(
        `it is of other training: it has ${found![i] ?? "nothing more"} where this has ${expected![i] ?? "nothing more"}`,
      );
  state.copyFrom(saved);
}

function describe({ optimizer, slots, parameters, states }: StateTypes): string[] {
  const each = (kind: string, types: readonly VariableType[]) =>
    types.map(({ name, shape }) => `the ${kind} ${JSON.stringify(name)} [${shape.join(", ")}]`);
  return [
    `the optimizer ${JSON.stringify(optimizer)} that remembers [${slots.join(", ")}]`,
    ...each("parameter", parameters),
    ...each("statistic", states),
  ];
}

interface Header {
  readonly types: StateTypes;
  readonly counts: Pick<TrainingState, "step" | "epoch" | "batch" | "smoothedLoss">;
}

function parseHeader(bytes: Uint8Array): Header {
  const { optimizer, slots, parameters, states, step, epoch, batch, smoothedLoss } = parseObject(bytes);
  if (typeof optimizer !== "string") throw new CheckpointError("its optimizer has no name");
  if (!(smoothedLoss === null || (typeof smoothedLoss === "number" && Number.isFinite(smoothedLoss))))
    throw new CheckpointError("its loss is no number");
  const types = {
    optimizer,
    slots: distinct(list("slots", slots).map((name) => text("slots", name))),
    parameters: variables("parameters", parameters),
    states: variables("states", states),
  };
  if (types.slots.length > MAX_SLOTS) throw new CheckpointError("it has more slots than an optimizer");
  distinct([...types.parameters, ...types.states].map(({ name }) => name));
  const counts = {
    step: count("step", step),
    epoch: count("epoch", epoch),
    batch: count("batch", batch),
    smoothedLoss: smoothedLoss ?? Number.NaN,
  };
  return { types, counts };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new CheckpointError("its header is no JSON");
  }
  return record("header", parsed);
}

function record(field: string, given: unknown): Record<string, unknown> {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return { ...given };
  throw new CheckpointError(`its ${field} is no object`);
}

function list(field: string, given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given;
  throw new CheckpointError(`its ${field} is no list`);
}

function text(field: string, given: unknown): string {
  if (typeof given === "string") return given;
  throw new CheckpointError(`its ${field} has something that is no text`);
}

function count(field: string, given: unknown): number {
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= 0) return given;
  throw new CheckpointError(`its ${field} is no count`);
}

function variables(field: string, given: unknown): VariableType[] {
  return list(field, given).map((each) => {
    const { name, shape } = record(field, each);
    return { name: text(field, name), shape: list(field, shape).map((size) => count(field, size)) };
  });
}

function distinct(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new CheckpointError(`it has ${JSON.stringify(name)} twice`);
    seen.add(name);
  }
  return names;
}

/** Elements of all variables together. Shapes that no memory holds are refused here. */
function sizeOf(types: readonly VariableType[]): number {
  try {
    return types.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  } catch {
    throw new CheckpointError("it has a shape that no memory holds");
  }
}
