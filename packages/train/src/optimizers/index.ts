/** Optimizers: rules that run on the host, where parameters are small beside what a step computes. */
export { type AdamOptions, type AdamWOptions, adam, adamW } from "./adam.ts";
export type { Optimizer, UpdateSettings } from "./optimizer.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
