export * from "./errors.ts";
export { checkFeeds, type ModelValue, modelValues } from "./feeds.ts";
export { type ModelSource, readModel } from "./load.ts";
export type { HostFunction, Lowering, Operator } from "./operator.ts";
export { operatorNames } from "./operators/index.ts";
export { INTERNAL } from "./passes/match.ts";
export type { PlanRow } from "./plan-table.ts";
export * from "./session.ts";
export type { Value } from "./values.ts";
