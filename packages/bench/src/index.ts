/** Times kernels and models against their rivals. The command is in cli.ts; this is what other packages may use. */
export { type Contender, defaultPlan, measure, type Plan } from "./measure.ts";
export * from "./row.ts";
export { type Estimate, estimate, intervalRank, median, type Ratio, ratioOf } from "./statistics.ts";
