/** Assignments for people who do not want a search: one scheme for all layers that the target runs it on. */
import { TargetError } from "./errors.ts";
import { checkTarget } from "./export/targets/support.ts";
import { ours, type Target } from "./export/targets/target.ts";
import type { Layer } from "./layers.ts";
import { type Assignment, assign, type LayerScheme, type RangeMethod, type WeightScheme } from "./scheme.ts";

export const presets = {
  "int8-static":
    "8-bit weights for each channel, 8-bit activations with scales from data: integer arithmetic throughout",
  "int8-dynamic": "8-bit weights, 8-bit activations with scales found in each run: no data needed",
  w8: "8-bit weights for each channel, float activations",
  w4: "4-bit weights in blocks of 32 where they are matrices, for each channel elsewhere",
  w3: "3-bit weights, stored in 4",
  w2: "2-bit weights in blocks of 32, with zero points; the first and the last layer have 8 bits",
  nf4: "4-bit weights on the quantiles of a normal distribution, in blocks of 32",
  "w2-nf4":
    "2-bit weights in the large layers, NF4 in those that hold less than a twentieth of the weights, the first and the last",
  float16: "16-bit weights",
  bfloat16: "16-bit weights with the range of float32",
} as const;

export type Preset = keyof typeof presets;

export function isPreset(name: unknown): name is Preset {
  return typeof name === "string" && Object.hasOwn(presets, name);
}

/** Wanted schemes, from the best on; the first that the target runs is taken. */
type Choose = (layer: Layer, all: readonly Layer[]) => readonly LayerScheme[];

const INT8: WeightScheme = { dtype: "int8" };
const byWeight = (...weights: readonly WeightScheme[]) => weights.map((weight) => ({ weight }));

/** Blocks for matrices, channels for others. */
function blocks(scheme: WeightScheme): Choose {
  return () => byWeight({ ...scheme, granularity: { block: 32 } }, { ...scheme, granularity: "channel" });
}

/** @param all layers with weights */
function isEdge({ name }: Layer, all: readonly Layer[]): boolean {
  return name === all[0]?.name || name === all.at(-1)?.name;
}

const weightsOf = ({ weights }: Layer) =>
  weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

function schemes(preset: Preset, range: RangeMethod, target: Target): Choose {
  switch (preset) {
    case "int8-static":
      return ({ weights, opType }) => {
        if (opType === "Gather") return byWeight(INT8);
        const activation = { dtype: "uint8", range } as const;
        if (weights.length === 0) return [{ activation }];
        return [
          { weight: INT8, activation },
          { weight: INT8, activation: { dtype: "uint8", dynamic: true } },
        ];
      };
    case "int8-dynamic":
      return ({ opType }) => {
        const weights = byWeight(INT8, { ...INT8, granularity: "tensor" });
        // This project's convolutions take three times as long on dynamic codes as on floats.
        const isSlow = opType === "Conv" && ours.includes(target);
        return isSlow
          ? weights
          : [{ weight: INT8, activation: { dtype: "uint8", dynamic: true } }, ...weights];
      };
    case "w8":
      return () => byWeight(INT8, { ...INT8, granularity: "tensor" });
    case "w4":
      return blocks({ dtype: "int4" });
    case "w3":
      return blocks({ dtype: "int4", bits: 3 });
    case "w2": {
      const inside = blocks({ dtype: "uint2", mapping: "asymmetric" });
      return (layer, all) => (isEdge(layer, all) ? byWeight(INT8) : inside(layer, all));
    }
    case "nf4":
      return blocks({ dtype: "uint4", mapping: "nf4" });
    case "w2-nf4": {
      const [two, four] = [
        blocks({ dtype: "uint2", mapping: "asymmetric" }),
        blocks({ dtype: "uint4", mapping: "nf4" }),
      ];
      return (layer, all) => {
        const total = all.reduce((sum, each) => sum + weightsOf(each), 0);
        const isSmall = weightsOf(layer) < total / 20;
        return isEdge(layer, all) || isSmall ? four(layer, all) : two(layer, all);
      };
    }
    case "float16":
    case "bfloat16":
      return () => byWeight({ dtype: preset });
  }
}

/**
 * What a preset makes of the layers of a model. Layers that the target runs under none of its schemes stay float.
 * @throws TargetError when that is all of them, with the reason for the first
 */
export function presetAssignment(
  layers: readonly Layer[],
  preset: Preset,
  target: Target,
  range: RangeMethod = "min-max",
): Assignment {
  const choose = schemes(preset, range, target);
  const weighted = layers.filter(({ weights }) => weights.length > 0);
  let reason: { readonly layer: string; readonly detail: string } | undefined;
  const assignment = assign(layers, (layer) => {
    for (const scheme of choose(layer, weighted)) {
      const detail = checkTarget(target, layer, scheme);
      if (detail === undefined) return scheme;
      reason ??= { layer: layer.name, detail };
    }
    return undefined;
  });
  if (Object.keys(assignment).length === 0)
    throw new TargetError(
      target,
      reason?.layer,
      reason?.detail ?? "the model has no layer that could be quantized",
    );
  return assignment;
}
