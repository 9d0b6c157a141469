/** Units in the last place: the distance between neighbouring numbers of a format. */
import { dtypes, type FloatName } from "@bitbudget/core";

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Distance from |x| to the next larger number of the format, for finite x. Numbers below the smallest normal are
 * as far apart as the subnormals; above the largest number the spacing goes on as if the format did.
 */
export function ulpOf(x: number, format: FloatName): number {
  const { mantissaBits, smallestNormal, smallest } = dtypes[format];
  if (!(Math.abs(x) >= smallestNormal)) return smallest;
  scratch.setFloat64(0, x);
  const exponent = ((scratch.getUint16(0) >> 4) & 0x7ff) - 1023;
  return 2 ** (exponent - mantissaBits);
}
