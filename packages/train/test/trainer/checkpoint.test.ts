/** Checkpoints as bytes: what is not one is refused, with an error that says why. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../src/checkpoint.ts";
import { crc32 } from "../../src/crc32.ts";
import { CheckpointError } from "../../src/index.ts";
import { type StateTypes, TrainingState } from "../../src/state.ts";

const types: StateTypes = {
  optimizer: "adamw",
  slots: ["first", "second"],
  parameters: [
    { name: "wé", shape: [2, 3] },
    { name: "scalar", shape: [] },
  ],
  states: [{ name: "mean", shape: [4] }],
};

function stateOf(of: StateTypes = types): TrainingState {
  const state = new TrainingState(of);
  state.arrays.forEach((array, i) => {
    array.set(Float32Array.from(array, (_, j) => (i + 1) * Math.sqrt(j + 1)));
  });
  return Object.assign(state, { step: 12, epoch: 3, batch: 4, smoothedLoss: 0.1 + 0.2 });
}

/** A file with a header of one's own, and a checksum that is right. */
function forge(header: string, numbers: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(12 + length + 4 * numbers + 4);
  bytes.set(writeCheckpoint(stateOf()).subarray(0, 8));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, length, true);
  bytes.fill(0x20, 12, 12 + length).set(text, 12);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

const header = { ...types, step: 1, epoch: 0, batch: 1, smoothedLoss: 0.5 };

describe("checkpoints", () => {
  test("what is written is read, bit for bit", () => {
    const state = stateOf();
    state.parameters.data.set([Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-45]);
    const bytes = writeCheckpoint(state);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    for (const each of [bytes, shifted.subarray(1)]) {
      const read = readCheckpoint(each);
      expect(read).toEqual(state);
      expect(writeCheckpoint(read)).toEqual(bytes);
    }
    expect(readCheckpoint(writeCheckpoint(new TrainingState(types))).smoothedLoss).toBeNaN();
  });

  test("the checksum is CRC-32", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  test("forged headers are read where they make sense", () => {
    expect(readCheckpoint(forge(JSON.stringify(header), 25)).step).toBe(1);
  });

  test("each damaged byte is found, and each missing end", () => {
    const bytes = writeCheckpoint(stateOf());
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.with(i, bytes[i]! ^ 0x10);
      expect(() => readCheckpoint(damaged), `byte ${i}`).toThrow(CheckpointError);
      expect(() => readCheckpoint(bytes.subarray(0, i)), `cut at ${i}`).toThrow(CheckpointError);
    }
  });

  const forgeries: Record<string, unknown> = {
    "no object": [1],
    "no step": { ...header, step: undefined },
    "a negative step": { ...header, step: -1 },
    "an epoch and a half": { ...header, epoch: 1.5 },
    "a loss that is text": { ...header, smoothedLoss: "0" },
    "an optimizer without a name": { ...header, optimizer: 3 },
    "slots that are no list": { ...header, slots: "first" },
    "many slots": {
      ...header,
      slots: Array.from({ length: 1000 }, (_, i) => `slot ${i}`),
      parameters: [],
      states: [{ name: "mean", shape: [25] }],
    },
    "a slot twice": { ...header, slots: ["first", "first"] },
    "a parameter twice": { ...header, parameters: [types.parameters[0], types.parameters[0]] },
    "a parameter that is a state": { ...header, states: [{ name: "scalar", shape: [4] }] },
    "a shape that no memory holds": { ...header, parameters: [{ name: "w", shape: [2 ** 40, 2 ** 40] }] },
    "a shape that is larger than the file": { ...header, parameters: [{ name: "w", shape: [2 ** 40] }] },
    "a shape of negative sizes": { ...header, parameters: [{ name: "w", shape: [-2, -3] }] },
    "a parameter without a shape": { ...header, parameters: [{ name: "w" }] },
    "fewer parameters than numbers": { ...header, parameters: [types.parameters[0]] },
  };
  for (const [name, forged] of Object.entries(forgeries))
    test(`refused: ${name}`, () => {
      expect(() => readCheckpoint(forge(JSON.stringify(forged), 25))).toThrow(CheckpointError);
    });

  test("refused: headers that are no JSON, or longer than the file", () => {
    expect(() => readCheckpoint(forge("{", 0))).toThrow(/JSON/);
    const long = forge("{}", 0);
    new DataView(long.buffer).setUint32(8, 2 ** 31, true);
    new DataView(long.buffer).setUint32(long.length - 4, crc32(long.subarray(0, -4)), true);
    expect(() => readCheckpoint(long)).toThrow(/longer than the file/);
  });

  test("refused: anything else", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => readCheckpoint(bytes)).toThrow(CheckpointError);
        expect(() =>
          readCheckpoint(Uint8Array.of(...writeCheckpoint(stateOf()).subarray(0, 8), ...bytes)),
        ).toThrow(CheckpointError);
      }),
    ));
});
