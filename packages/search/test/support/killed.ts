/** The search that is killed. */
import { evolutionary, functionExecutor } from "../../src/index.ts";
import { synthetic } from "./problems.ts";

export const SEED = 7;
export const PARALLEL = 3;
export const algorithm = evolutionary({ population: 20 });
const synthesized = synthetic({ groups: 12, seed: 1, interaction: 0.5, noise: 0.01 });
export const { problem, loss } = synthesized;
export const instant = functionExecutor((configuration) => ({ loss: loss(configuration) }));
