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
import { multipliesBlocks } from "./pack-blocks.ts";
import { isPointwise } from "./product.ts";

export const floatRows: readonly KernelRow[] = (["float32", "float16", "bfloat16"] as const).map(
  (weight): KernelRow => ({ activation: "float32", weight, output: "float32", arithmetic: "native" }),
);

const bytes = ["uint8", "int8"] as const;
const codes = [...bytes, "int4", "uint4", "int2", "uint2"] as const;
const coarse = ["tensor", "channel"] as const;
const all = [...coarse, "block"] as const;

/** Weights that are codes, with one scale for all, for a channel or for a block. */
function codeRows(
  activations: readonly Operand[],
  granularities: readonly (typeof all)[number][],
  outputs: readonly DType[],
  arithmetic: KernelRow["arithmetic"] = "native",
): KernelRow[] {
  return activations.flatMap((activation) =>
    codes.flatMap((weight) =>
      granularities.flatMap((granularity) =>
        outputs.map((output): KernelRow => {
          return { activation, weight: `${weight} ${granularity}`, output, arithmetic };
        }),
      ),
    ),
  );
}

/** Weights that become floats as they are used: they have fewer bits, not another arithmetic. */
export const decodedRows: readonly KernelRow[] = codeRows(["float32"], all, ["float32"], "decoded");

/** Activations that are codes: the sums, codes of another scale, or floats. */
export const staticRows: readonly KernelRow[] = [
  ...codeRows(bytes, coarse, [...bytes, "int32"]),
  ...codeRows(bytes, all, ["float32"]),
];

/** Activations that are floats, quantized by the kernel. */
export function dynamicRows(formats: readonly DType[]): readonly KernelRow[] {
  const activations = formats.map((dtype) => `dynamic ${dtype}` as const);
  return codeRows(activations, all, ["float32"]);
}

/** Elements of a window that fit into a thread's scratch beside everything else. */
const WINDOW_LIMIT = SCRATCH_BYTES / 4 - 8192;

/** Sums of so many codes, less their zero point, fit into 22 bits: pack-blocks.ts says why. */
const TERM_LIMIT = Math.floor(2 ** 22 / 255);

export function refuseWeighted(spec: WeightedSpec): string | undefined {
  const { activation, output, dynamic, weight } = spec.attributes;
  if (spec.op === "conv2d" && conv2dDepth(spec) > WINDOW_LIMIT)
    return `windows of ${conv2dDepth(spec)} elements, more than ${WINDOW_LIMIT}`;
  // A row says what dynamic activations become, not which floats they are before.
  const [x] = spec.inputs;
  if (dynamic !== undefined && x?.dtype !== "float32") return `no ${x?.dtype} activations`;
  if (multipliesBlocks(spec)) {
    if (spec.op === "conv2d" && !isPointwise(spec.attributes))
      return "weights in blocks times codes only with 1x1 kernels in one group";
    const depth = spec.op === "linear" ? linearDepth(spec) : conv2dDepth(spec);
    if (weight.zeroPoint && depth > TERM_LIMIT)
      return `sums of ${depth} terms with zero points, more than ${TERM_LIMIT}`;
  }
  if (dtypes[output].kind === "float" && functionCode(activation) === undefined)
    return `no fused ${activation?.fn}`;
  return undefined;
}
