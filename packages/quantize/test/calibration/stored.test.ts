import { open } from "@bitbudget/backend-js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CalibrationFormatError,
  cachedCalibration,
  calibrate,
  calibrationFromBytes,
  calibrationKey,
  calibrationToBytes,
  contentHash,
  memoryCache,
  type ObservedCalibration,
} from "../../src/index.ts";
import { batch, imageBatches, network } from "./models.ts";

let calibration: ObservedCalibration;
let bytes: Uint8Array;

beforeAll(async () => {
  await using backend = await open();
  calibration = await calibrate(network(), imageBatches(2), { backend });
  bytes = calibrationToBytes(calibration);
});

describe("bytes", () => {
  test("hold all there is", () => {
    const read = calibrationFromBytes(bytes);
    expect([read.samples, read.names]).toEqual([calibration.samples, calibration.names]);
    for (const name of read.names) {
      const { range: _, ...data } = read.value(name);
      const { range: __, ...original } = calibration.value(name);
      expect(data).toEqual(original);
      expect(read.value(name).range("mse", { dtype: "int8", symmetric: true })).toEqual(
        calibration.value(name).range("mse", { dtype: "int8", symmetric: true }),
      );
    }
    expect(calibrationToBytes(read)).toEqual(bytes);
  });

  test("hold values that had no elements, and calibrations without values", async () => {
    await using backend = await open();
    const empty = await calibrate(network(), [batch([0, 2, 6, 6], [])], { backend, values: ["x"] });
    expect(calibrationFromBytes(calibrationToBytes(empty)).value("x").count).toBe(0);
    const none = await calibrate(network(), imageBatches(1), { backend, values: [] });
    expect(calibrationFromBytes(calibrationToBytes(none)).names).toEqual([]);
  });

  test("that are cut, or of something else, or go on, are an error", () => {
    for (let length = 0; length < bytes.length; length += 37)
      expect(() => calibrationFromBytes(bytes.subarray(0, length))).toThrow(CalibrationFormatError);
    expect(() => calibrationFromBytes(new Uint8Array(100))).toThrow(CalibrationFormatError);
    expect(() => calibrationFromBytes(new Uint8Array([...bytes, 0]))).toThrow(/1 bytes are left over/);
  });

  test("of another version say so", () => {
    const other = bytes.slice();
    // After the length and the 21 letters of the name.
    other[22] = 2;
    expect(() => calibrationFromBytes(other)).toThrow(/version 2, and this reads version 1/);
  });

  test("from strangers are a calibration or that error, and take no more memory than they have bytes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const mutant = bytes.slice();
          for (const [at, byte] of changes) mutant[at] = byte;
          try {
            const read = calibrationFromBytes(mutant);
            for (const name of read.names) {
              const { min, max } = read.value(name).histogram;
              expect(min <= max || read.value(name).count === 0).toBe(true);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(CalibrationFormatError);
          }
        },
      ),
      { numRuns: 500 },
    );
    // A count of values, bins or channels far beyond what follows: 2^49 - 1.
    const huge = [255, 255, 255, 255, 255, 255, 127];
    const header = bytes.subarray(0, 23);
    expect(() => calibrationFromBytes(new Uint8Array([...header, 1, ...huge]))).toThrow(/do not fit/);
  });
});

describe("the cache", () => {
  const choices = { values: ["a", "b"], channels: true, momentum: 0.9 };

  test("has a key of 64 letters and digits for all that decides on the result", async () => {
    const key = await calibrationKey({ model: "m", data: "d", choices });
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const same = { values: ["b", "a", "a"] };
    expect(await calibrationKey({ model: "m", data: "d", choices: same })).toBe(key);
    const others = await Promise.all([
      calibrationKey({ model: "n", data: "d", choices }),
      calibrationKey({ model: "m", data: "e", choices }),
      calibrationKey({ model: "m", data: "d" }),
      calibrationKey({ model: "m", data: "d", choices: { ...choices, channels: false } }),
      calibrationKey({ model: "m", data: "d", choices: { ...choices, momentum: 0.5 } }),
    ]);
    expect(new Set([key, ...others]).size).toBe(6);
  });

  test("hashes content by SHA-256", async () => {
    // FIPS 180-2, appendix B.1.
    expect(await contentHash(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  test("calibrates once, and again where what is kept cannot be read", async () => {
    const cache = memoryCache();
    let made = 0;
    const make = async () => {
      made++;
      return calibration;
    };
    await cachedCalibration(cache, "key", make);
    const kept = await cachedCalibration(cache, "key", make);
    expect([made, kept.names]).toEqual([1, calibration.names]);
    await cache.set("key", Uint8Array.of(1, 2, 3));
    await cachedCalibration(cache, "key", make);
    expect(made).toBe(2);
    expect(await cache.get("key")).toEqual(bytes);
    expect(await cache.get("other")).toBeUndefined();
  });
});
