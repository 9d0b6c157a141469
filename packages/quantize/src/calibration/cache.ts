/** Calibrations that are kept: by what was calibrated on what and how, wherever the caller keeps bytes. */

import { QuantizeError } from "../errors.ts";
import type { CalibrationChoices } from "./calibrate.ts";
import { CalibrationFormatError } from "./errors.ts";
import { CALIBRATION_VERSION, calibrationFromBytes, calibrationToBytes } from "./file.ts";
import type { ObservedCalibration } from "./observed.ts";

/** Files, IndexedDB, memory: anything that keeps bytes under a key of 64 letters and digits. */
export interface CalibrationCache {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, bytes: Uint8Array): Promise<void>;
}

/** A cache as long as the process lives. */
export function memoryCache(): CalibrationCache {
  const kept = new Map<string, Uint8Array>();
  return {
    get: async (key) => kept.get(key)?.slice(),
    set: async (key, bytes) => {
      kept.set(key, bytes.slice());
    },
  };
}

/** SHA-256 of bytes, in hexadecimal. @throws QuantizeError on pages without Web Crypto: those that are not secure contexts */
export async function contentHash(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined)
    throw new QuantizeError(
      "there is no Web Crypto here to hash with; serve the page over https or from localhost",
    );
  // A copy, because what is shared between threads cannot be hashed.
  const digest = await subtle.digest("SHA-256", new Uint8Array(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The key of a calibration: the same for the same model, data and choices, and for no others.
 * @param parts.model hash of the model's bytes
 * @param parts.data hash of the data, or anything else that names the data with their order, batches and preprocessing
 */
export function calibrationKey({
  model,
  data,
  choices = {},
}: {
  readonly model: string;
  readonly data: string;
  readonly choices?: CalibrationChoices;
}): Promise<string> {
  const { values, channels = true, momentum = 0.9 } = choices;
  const order = values === undefined ? null : [...new Set(values)].sort();
  const text = JSON.stringify([CALIBRATION_VERSION, model, data, order, channels, momentum]);
  return contentHash(new TextEncoder().encode(text));
}

/** The calibration that is kept under a key, or else a new one, which is kept. What cannot be read is made anew. */
export async function cachedCalibration(
  cache: CalibrationCache,
  key: string,
  make: () => Promise<ObservedCalibration>,
): Promise<ObservedCalibration> {
  const bytes = await cache.get(key);
  if (bytes !== undefined) {
    try {
      return calibrationFromBytes(bytes);
    } catch (error) {
      if (!(error instanceof CalibrationFormatError)) throw error;
    }
  }
  const made = await make();
  await cache.set(key, calibrationToBytes(made));
  return made;
}
