/** The codes that a range is chosen for, where the best range depends on them. */
import { dtypes, type IntegerName } from "../dtypes.ts";
import { ArgumentError } from "../errors.ts";

export interface RangeFormat {
  /** An integer format of up to 16 bits. */
  readonly dtype: IntegerName;
  /** Whether zero is the middle code, so that ranges reach as far down as up. */
  readonly symmetric: boolean;
}

/** The bits of the format. @throws ArgumentError for floats, and for more than 16 bits */
export function checkFormat(method: string, { dtype }: RangeFormat): number {
  const { kind, bits } = dtypes[dtype];
  if (kind !== "integer" || bits > 16) {
    throw new ArgumentError(`${method} takes integer formats of up to 16 bits, not ${dtype}`);
  }
  return bits;
}
