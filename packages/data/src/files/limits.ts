/** How much a file may make this package hold in memory at once. What declares more is refused before it is read. */
import { DataError } from "../errors.ts";

export interface Limits {
  /** Bytes that one compressed file, text or array that cannot be read in parts may have, expanded. Default 2^30. */
  readonly memory: number;
  /** Bytes of an encoded image. Default 2^28. */
  readonly image: number;
  /** Width times height of an image. Default 10^8. */
  readonly pixels: number;
  /** Files in an archive. Default 10^6. */
  readonly entries: number;
}

const defaults: Limits = { memory: 2 ** 30, image: 2 ** 28, pixels: 1e8, entries: 1e6 };

/** @throws DataError for a limit that is no positive number */
export function withLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given))
    if (!(value > 0)) throw new DataError(`limits.${name}`, `must be a positive number, not ${value}`);
  return { ...defaults, ...given };
}
