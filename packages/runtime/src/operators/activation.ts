/**
 * Activations with their parameters and defaults: as operators of their own, and as fused operators name them in an
 * attribute (FusedConv, FusedGemm of com.microsoft, and our own passes).
 */
import type { PlainFunction, UnaryFunction } from "@bitbudget/backend";
import { getFloat, getFloats, getString } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";

/** How a function is made of the parameters alpha, beta and gamma, each with the default of the ONNX operator. */
export type MakeActivation = (
  parameter: (name: "alpha" | "beta" | "gamma", fallback: number) => number,
) => UnaryFunction;

const plain =
  (fn: PlainFunction): MakeActivation =>
  () => ({ fn });

/** By the operator's name in lower case. */
export const activations = {
  relu: plain("relu"),
  sigmoid: plain("sigmoid"),
  tanh: plain("tanh"),
  softplus: plain("softplus"),
  softsign: plain("softsign"),
  hardswish: plain("hardSwish"),
  celu: (parameter) => ({ fn: "celu", alpha: parameter("alpha", 1) }),
  elu: (parameter) => ({ fn: "elu", alpha: parameter("alpha", 1) }),
  leakyrelu: (parameter) => ({ fn: "leakyRelu", alpha: parameter("alpha", 0.01) }),
  thresholdedrelu: (parameter) => ({ fn: "thresholdedRelu", alpha: parameter("alpha", 1) }),
  selu: (parameter) => ({
    fn: "selu",
    alpha: parameter("alpha", 1.6732631921768188),
    gamma: parameter("gamma", 1.0507010221481323),
  }),
  hardsigmoid: (parameter) => ({
    fn: "hardSigmoid",
    alpha: parameter("alpha", 0.2),
    beta: parameter("beta", 0.5),
  }),
  silu: () => ({ fn: "swish", alpha: 1 }),
  swish: (parameter) => ({ fn: "swish", alpha: parameter("alpha", 1) }),
} as const satisfies Readonly<Record<string, MakeActivation>>;

/** Those that only fused operators have: as operators of their own they have inputs or other attributes. */
const fused: ReadonlyMap<string, MakeActivation> = new Map<string, MakeActivation>([
  ...Object.entries(activations),
  ["gelu", () => ({ fn: "gelu", approximate: "none" })],
  [
    "clip",
    (parameter) => ({
      fn: "clip",
      min: parameter("alpha", Number.NEGATIVE_INFINITY),
      max: parameter("beta", Number.POSITIVE_INFINITY),
    }),
  ],
]);

const order = ["alpha", "beta", "gamma"];

/** The function in the attribute `activation`; its parameters are in `activation_params` or `activation_alpha` and so on. */
export function fusedActivation(context: Lowering): UnaryFunction | undefined {
  const { node } = context;
  const name = getString(node, "activation", "").toLowerCase();
  if (name === "" || name === "none") return undefined;
  const make = fused.get(name);
  if (make === undefined)
    return context.fail(`has the activation ${name}; use one of ${[...fused.keys()].join(", ")}`);
  const list = getFloats(node, "activation_params", []);
  return make(
    (parameter, fallback) =>
      list[order.indexOf(parameter)] ?? getFloat(node, `activation_${parameter}`, fallback),
  );
}
