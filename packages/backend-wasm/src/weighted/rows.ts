/** What linear and conv2d compute on this backend. */
import {
  conv2dDepth,
  type KernelRow,
  linearDepth,
  type Operand,
  type WeightedSpec,
} from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import { SCRATCH_BYTES } from "../context.ts";
import { functionCode } from "../functions.ts";

export const floatRows: readonly KernelRow[] = (["float32", "float16", "bfloat16"] as const).map(
  (weight): KernelRow => ({ activation: "float32", weight, output: "float32", arithmetic: "native" }),
);

const bytes = ["uint8", "int8"] as const;
const codes = [...bytes, "int4", "uint4", "int2", "uint2"] as const;

/** Weights that become floats as they are used: they have fewer bits, not another arithmetic. */
export const decodedRows: readonly KernelRow[] = codes.flatMap((dtype) =>
  (["tensor", "channel", "block"] as const).map(
    (by): KernelRow => ({
      activation: "float32",
      weight: `${dtype} ${by}`,
      output: "float32",
      arithmetic: "decoded",
    }),
  ),
);

/** Codes with one scale for a channel or for all, summed in int32. */
function codeRows(activations: readonly Operand[], outputs: readonly DType[]): KernelRow[] {
  return activations.flatMap((activation) =>
    codes.flatMap((weight) =>
      (["tensor", "channel"] as const).flatMap((granularity) =>
        outputs.map((output): KernelRow => {
          return { activation, weight: `${weight} ${granularity}`, output, arithmetic: "native" };
        }),
      ),
    ),
  );
}

/** Activations that are codes: the sums, codes of another scale, or floats. */
export const staticRows: readonly KernelRow[] = codeRows(bytes, [...bytes, "int32", "float32"]);

/** Activations that are floats, quantized by the kernel. */
export function dynamicRows(formats: readonly DType[]): readonly KernelRow[] {
  return codeRows(
    formats.map((dtype) => `dynamic ${dtype}` as const),
    ["float32"],
  );
}

/** Activations quantized by row or block, times codes in blocks. */
export const blockRows: readonly KernelRow[] = codes.map(
  (dtype): KernelRow => ({
    activation: "dynamic int8",
    weight: `${dtype} block`,
    output: "float32",
    arithmetic: "native",
  }),
);

/** Elements of a window that fit into a thread's scratch beside everything else. */
const WINDOW_LIMIT = SCRATCH_BYTES / 4 - 8192;

/** Sums of so many int8 codes fit into 22 bits: pack-blocks.ts says why. */
const TERM_LIMIT = Math.floor(2 ** 22 / 127);

export function refuseWeighted(spec: WeightedSpec): string | undefined {
  const { activation, output, dynamic, weight } = spec.attributes;
  if (spec.op === "conv2d" && conv2dDepth(spec) > WINDOW_LIMIT)
    return `windows of ${conv2dDepth(spec)} elements, more than ${WINDOW_LIMIT}`;
  // A row says what dynamic activations become, not which floats they are before.
  const [x] = spec.inputs;
  if (dynamic !== undefined && x?.dtype !== "float32") return `no ${x?.dtype} activations`;
  if (spec.op === "linear" && dynamic?.dtype === "int8" && weight.zeroPoint && linearDepth(spec) > TERM_LIMIT)
    return `sums of ${linearDepth(spec)} terms with zero points, more than ${TERM_LIMIT}`;
  if (dtypes[output].kind === "float" && functionCode(activation) === undefined)
    return `no fused ${activation?.fn}`;
  return undefined;
}
