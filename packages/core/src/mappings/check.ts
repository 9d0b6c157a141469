/** What a scheme may combine. TypeScript cannot say it all, and schemes also come out of files. */
import { dtypes, isDType } from "../dtypes.ts";
import { ArgumentError } from "../errors.ts";
import type { Scheme } from "../scheme.ts";

/** Throws ArgumentError, saying what does not go together, unless {@link quantize} takes the scheme for some shape. */
export function checkScheme(scheme: Scheme): void {
  const { dtype, mapping, scale } = scheme;
  check(isDType(dtype) && isDType(scale?.dtype ?? dtype), "a format is not in the dtype table");
  const { kind, bits, min } = dtypes[dtype];
  const unsigned = min === 0;
  check(
    kind !== "bool" && bits <= (kind === "float" ? 32 : 16),
    `codes cannot be ${dtype}: use floats up to 32, integers up to 16 bits`,
  );
  if (mapping.kind === "affine")
    check(kind === "integer" || mapping.symmetric, `${dtype} has no zero point: use a symmetric mapping`);
  else if (mapping.kind === "log2")
    check(kind === "integer" && bits <= 8, `log2 needs integer codes of up to 8 bits, not ${dtype}`);
  else if (mapping.table === "nf4") check(dtype === "uint4", `the codes of NF4 are uint4, not ${dtype}`);
  else
    check(
      mapping.table === "kmeans" && kind === "integer" && unsigned && bits <= 8,
      `a codebook needs unsigned codes of up to 8 bits, not ${dtype}`,
    );
  if (!scale) return;
  const format = dtypes[scale.dtype];
  const size = scale.super?.size ?? 1;
  check(Number.isInteger(size) && size > 0, `super.size ${size} is not a positive integer`);
  check(
    scale.super ? format.kind !== "bool" && format.bits <= 8 : format.kind === "float" && format.bits <= 32,
    `scales of ${scale.super ? "two levels need a format of up to 8 bits" : "one level need a float format of up to 32 bits"}, not ${scale.dtype}`,
  );

  function check(holds: boolean, problem: string): asserts holds {
    if (!holds) throw new ArgumentError(`${problem}; the scheme is ${JSON.stringify(scheme)}`);
  }
}
