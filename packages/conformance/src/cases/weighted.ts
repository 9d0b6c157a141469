/** What the cases of linear and conv2d share: the operands, weights and epilogues of the four arithmetics. */
import type { UnaryFunction, WeightedAttributes, WeightFormat } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import type { CaseData } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { floats, values, weightCodes } from "./helpers.ts";
import { spread } from "./pairwise.ts";

/** One combination of everything but the geometry, which the ops bring. */
export interface WeightedChoice<G> {
  /** `static/uint8xint8-channel-uint8/zp-bias-relu` */
  readonly name: string;
  readonly activation: DType;
  readonly attributes: WeightedAttributes;
  readonly geometry: G;
}

interface Operands {
  readonly activation: DType;
  readonly weight: WeightFormat;
  readonly output: DType;
  readonly dynamic: WeightedAttributes["dynamic"] | undefined;
}

const floatActivations: readonly (UnaryFunction | undefined)[] = [
  undefined,
  { fn: "relu" },
  { fn: "clip", min: 0, max: 6 },
  { fn: "leakyRelu", alpha: 0.125 },
  { fn: "sigmoid" },
  { fn: "tanh" },
  { fn: "hardSwish" },
  { fn: "gelu", approximate: "none" },
  { fn: "gelu", approximate: "tanh" },
  { fn: "swish", alpha: 1 },
];
const clamps: readonly (UnaryFunction | undefined)[] = [
  undefined,
  { fn: "relu" },
  { fn: "clip", min: 0, max: 6 },
  { fn: "clip", min: -1.5 },
  { fn: "clip", max: 0.5 },
];

const perTensorOrChannel: readonly WeightFormat[] = weightCodes.flatMap((dtype) => [
  { dtype, granularity: { kind: "tensor" } },
  { dtype, granularity: { kind: "channel" } },
]);
/** Sizes of blocks: a power of two, one that divides next to nothing, one longer than most sums. */
const blockSizes = [16, 5, 32] as const;
const perBlock: readonly WeightFormat[] = weightCodes.map((dtype, i) => ({
  dtype,
  granularity: { kind: "block", size: blockSizes[i % blockSizes.length] ?? 16 },
}));
const anyCodes = [...perTensorOrChannel, ...perBlock];
const floatWeights: readonly WeightFormat[] = floats.map((dtype) => ({ dtype }));

/** Every combination of activation, weight and output that the contract has. */
function operandsOf(
  activations: readonly DType[],
  weights: readonly WeightFormat[],
  outputs: readonly DType[],
  dynamic?: WeightedAttributes["dynamic"],
): Operands[] {
  return activations.flatMap((activation) =>
    weights.flatMap((weight) => outputs.map((output) => ({ activation, weight, output, dynamic }))),
  );
}

const bytes = ["uint8", "int8"] as const;
const uint8Tensor = { dtype: "uint8", granularity: "tensor" } as const;
const int8Row = { dtype: "int8", granularity: "row" } as const;
const int8Block = { dtype: "int8", granularity: "block" } as const;

/** Every operand combination of every arithmetic, with epilogues and geometries spread over them. */
export function weightedChoices<G extends { readonly name: string }>(
  op: "linear" | "conv2d",
  geometries: readonly G[],
): WeightedChoice<G>[] {
  const rows = op === "linear";
  const families = [
    ["float", operandsOf(floats, floatWeights, floats)],
    ["weight-only", operandsOf(floats, anyCodes, floats)],
    ["static", operandsOf(bytes, perTensorOrChannel, [...bytes, "int32"])],
    ["static", operandsOf(bytes, anyCodes, ["float32", "float16"])],
    ["dynamic", operandsOf(["float32"], anyCodes, floats, uint8Tensor)],
    ["dynamic", operandsOf(["float16", "bfloat16", "float64"], perBlock, ["float32"], uint8Tensor)],
    ["dynamic", rows ? operandsOf(["float32"], anyCodes, floats, int8Row) : []],
    ["dynamic", rows ? operandsOf(floats, perBlock, ["float32", "float16"], int8Block) : []],
  ] as const;
  return families.flatMap(([family, operands]) => {
    const factors = {
      activation: operands.map(({ activation }) => activation),
      weight: operands.map(({ weight }) => weight),
      output: operands.map(({ output }) => output),
      dynamic: operands.map(({ dynamic }) => dynamic),
      geometry: geometries,
      zeroPoint: [false, true],
      bias: [undefined, "float32", "int32"] as const,
      fn: operands.some(({ output }) => dtypes[output].kind === "float") ? floatActivations : clamps,
    };
    return spread(operands, factors, ({ weight, output, zeroPoint, bias, fn }) => {
      const integer = dtypes[output].kind === "integer";
      if (zeroPoint && weight.granularity === undefined) return false;
      if (output === "int32" && fn !== undefined) return false;
      const inBlocks = weight.granularity?.kind === "block";
      return bias === undefined || (bias === "float32" ? !integer : family === "static" && !inBlocks);
    }).map(({ activation, weight, output, dynamic, geometry, zeroPoint, bias, fn }) => {
      const attributes: WeightedAttributes = {
        weight: zeroPoint ? { ...weight, zeroPoint } : weight,
        output,
        ...(bias === undefined ? {} : { bias }),
        ...(fn === undefined ? {} : { activation: fn }),
        ...(dynamic === undefined ? {} : { dynamic }),
      };
      const operandsText = operandsName({ activation, weight, output, dynamic });
      return {
        name: `${family}/${operandsText}/${epilogueName(attributes)}${geometry.name}`,
        activation,
        attributes,
        geometry,
      };
    });
  });
}

function operandsName({ activation, weight, output, dynamic }: Operands): string {
  const { granularity } = weight;
  const size = granularity?.kind === "block" ? granularity.size : "";
  const on = dynamic === undefined ? "" : `-${dynamic.dtype}-${dynamic.granularity}`;
  const by = granularity === undefined ? "" : `-${granularity.kind}${size}`;
  return `${activation}${on}x${weight.dtype}${by}-${output}`;
}

/** "zp-bias-relu/" */
function epilogueName({ weight, bias, activation }: WeightedAttributes): string {
  const parts = [
    weight.zeroPoint ? "zp" : "",
    bias === undefined ? "" : `bias-${bias}`,
    activationName(activation),
  ];
  const name = parts.filter((part) => part !== "").join("-");
  return name === "" ? "" : `${name}/`;
}

function activationName(activation: UnaryFunction | undefined): string {
  if (activation === undefined) return "";
  if (activation.fn === "gelu") return `gelu-${activation.approximate}`;
  if (activation.fn !== "clip") return activation.fn;
  return `clip${activation.min ?? ""}to${activation.max ?? ""}`;
}

/**
 * Numbers that give results of order one and 8-bit codes that fill their range without all saturating: real weights of up
 * to 1, zero points in the middle, an output scale of about a fortieth of a standard deviation.
 */
export function weightedData(activation: DType, attributes: WeightedAttributes, depth: number): CaseData {
  const { weight, output, bias } = attributes;
  const { min, max, kind } = dtypes[weight.dtype];
  const step = 1 / (max - min);
  const deviation = Math.sqrt(Math.max(1, depth));
  return {
    inputs: [dtypes[activation].kind === "float" ? { min: -2, max: 2 } : undefined],
    weights: {
      weight: kind === "float" ? { min: -1, max: 1 } : { min, max },
      scale: { min: 0.5 * step, max: 1.5 * step },
      zeroPoint: middle(weight.dtype),
      bias: bias === "int32" ? { min: -2000, max: 2000 } : { min: -2, max: 2 },
      inputScale: values(0.0213),
      inputZeroPoint: middle(activation),
      outputScale: values(0.0213 * deviation),
      outputZeroPoint: middle(output),
    },
  };
}

/** A few codes in the middle of a format. */
function middle(dtype: DType): Recipe {
  const { min, max } = dtypes[dtype];
  const center = Math.ceil((min + max) / 2);
  const reach = Math.ceil((max - min) / 64);
  return { min: Math.max(min, center - reach), max: Math.min(max, center + reach) };
}
