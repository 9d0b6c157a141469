/** How much a file may make this package hold in memory at once. What declares more is refused before it is read. */
import { DataError } from "../errors.ts";
import type { DataFile } from "./file.ts";

export interface Limits {
  /** Bytes of what cannot be read in parts: compressed files, plain texts, arrays in Fortran's order. Default 2^30. */
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

/** @throws DataError for compressed files that have to be in memory together, and are too large */
export function checkMemory(files: readonly DataFile[], { memory }: Limits): void {
  const packed = files.filter((file) => file.packed);
  const size = packed.reduce((sum, file) => sum + file.size, 0);
  if (packed[0] === undefined || size <= memory) return;
  throw new DataError(
    packed[0].path,
    `and what lies beside it expand to ${size} bytes in memory, and the limit is ${memory}; store them without compression, or raise the limit`,
  );
}
