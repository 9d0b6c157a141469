/** The schemes that are worth trying on a layer, whatever the target: from the most exact to the smallest. */
import type { Layer } from "../../layers.ts";
import { isRecurrent } from "../../layers.ts";
import type { ActivationScheme, LayerScheme, WeightScheme } from "../../scheme.ts";

const channels: readonly WeightScheme[] = [
  { dtype: "int8" },
  { dtype: "int8", granularity: "tensor" },
  { dtype: "uint8", mapping: "asymmetric" },
  { dtype: "int4" },
  { dtype: "int4", bits: 3 },
  { dtype: "uint4", mapping: "asymmetric" },
  { dtype: "int2" },
];

const floats: readonly WeightScheme[] = [
  { dtype: "float16" },
  { dtype: "bfloat16" },
  { dtype: "float8_e4m3fn" },
  { dtype: "float8_e5m2" },
];

const tables: readonly WeightScheme[] = [
  { dtype: "uint4", mapping: "nf4" },
  { dtype: "uint4", mapping: "kmeans" },
  { dtype: "uint2", mapping: "kmeans" },
  { dtype: "int4", mapping: "log2" },
];

const blocks: readonly WeightScheme[] = [32, 64, 128].flatMap((block): WeightScheme[] => [
  { dtype: "int8", granularity: { block } },
  { dtype: "int4", granularity: { block } },
  { dtype: "uint4", granularity: { block }, mapping: "asymmetric" },
  { dtype: "int4", bits: 3, granularity: { block } },
  { dtype: "uint4", granularity: { block }, mapping: "nf4" },
  { dtype: "uint2", granularity: { block }, mapping: "asymmetric" },
]);

const statics: readonly ActivationScheme[] = [
  { dtype: "uint8" },
  { dtype: "int8" },
  { dtype: "uint4" },
  { dtype: "uint16" },
];

export function candidates({ opType, weights }: Layer): LayerScheme[] {
  if (weights.length === 0) return statics.map((activation) => ({ activation }));
  const inBlocks = weights.every(({ blockAxis }) => blockAxis !== undefined) ? blocks : [];
  if (opType === "Gather")
    return [...channels, ...floats.slice(0, 2), ...inBlocks].map((weight) => ({ weight }));
  const dynamic: ActivationScheme = { dtype: "uint8", dynamic: true };
  const integer: readonly ActivationScheme[] = isRecurrent(opType) ? [dynamic] : [...statics, dynamic];
  const inInteger = integer.flatMap((activation) => channels.map((weight) => ({ weight, activation })));
  const accurate: ActivationScheme = { dtype: "int8", dynamic: true };
  return [
    ...[...floats, ...channels, ...tables, ...inBlocks].map((weight) => ({ weight })),
    ...inInteger,
    ...inBlocks.map((weight) => ({ weight, activation: accurate })),
  ];
}
