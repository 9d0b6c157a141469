/** Quantization-aware training: from a float model to one that is trained with its codes, and to integers. */
export { type Comparison, compare, type Runnable } from "./compare.ts";
export { type ExportOptions, exportQuantized } from "./export.ts";
export type { CodeFormat, InitialStep } from "./formats.ts";
export { type StepGroupsOptions, stepGroups, weightGroups } from "./groups.ts";
export type { ActivationScheme, Layer, LayerScheme, WeightScheme } from "./layers.ts";
export { foldNorms } from "./norms.ts";
export { type PrepareOptions, prepareQat } from "./prepare.ts";
export { type Simulation, simulate } from "./simulate.ts";
