/**
 * What an analysis measures of the whole model, and the losses whose gradients predict it. Of an objective whose Hessian by
 * the outputs is V V^T, the gradient of v . output with v = V r and random signs r is J^T v, and its square along an error is on
 * average the curvature along it: the Gauss-Newton matrix, which for softmax is the Fisher information (Martens 2020,
 * section 9), probed as by Hutchinson (1989).
 */
import { elementCount, type HostTensor, normalizeAxis, tensor, valuesOf } from "@bitbudget/core";
import type { Feeds, Results } from "@bitbudget/runtime";
import { type Batch, type LossFunction, type Metric, meanDivergence } from "@bitbudget/train";
import { QuantizeError } from "../errors.ts";

export type Objective =
  /** KL(softmax(float logits) || softmax(logits)), in nats, the mean over positions. It needs no labels. */
  | { readonly kind: "divergence"; readonly logits: string; readonly axis?: number }
  /** The mean of (output - float output)^2. It needs no labels. */
  | { readonly kind: "square"; readonly output: string }
  /** What a loss grows by. `metric` measures the same loss: `crossEntropy` and `meanCrossEntropy`. */
  | { readonly kind: "loss"; readonly loss: LossFunction; readonly metric: Metric };

/** An objective, ready for use. */
export interface Measure {
  readonly unit: string;
  /** Values of the model that it reads. */
  readonly values: readonly string[];
  /** Of one batch: 0 for the float model itself. */
  measure(values: Results, float: Results, batch: Batch): number;
  /** A loss whose gradient g predicts the objective at an error d: the mean of factor * (g . d)^2. */
  readonly loss: LossFunction;
  targets(batch: Batch, float: Results, random: () => number): Feeds;
  factor(batch: Batch, float: Results): number;
  /** Whether the loss itself is the objective, so that its gradient also gives the first order. */
  readonly isLoss: boolean;
}

/** Names of targets that no model has. */
const TEACHER = "bitbudget.float-logits";
const PROJECTION = "bitbudget.projection";

export function measureOf(objective: Objective): Measure {
  if (objective.kind === "divergence") return divergence(objective.logits, objective.axis);
  return objective.kind === "square" ? square(objective.output) : growth(objective.loss, objective.metric);
}

/**
 * The Fisher information of softmax, which is the Hessian of the divergence, is the sum over classes c of p_c (e_c - p)(e_c - p)^T:
 * the projection adds up its square roots with random signs.
 */
function divergence(logits: string, axis = -1): Measure {
  const metric = meanDivergence({ logits, axis, teacher: TEACHER });
  return {
    ...{ unit: "nats", values: [logits], isLoss: false, loss: projection(logits) },
    measure: (values, float, { feeds }) => {
      const sums = metric.start();
      sums.add(values, { feeds, targets: { [TEACHER]: namedValue(float, logits) } });
      return sums.result();
    },
    targets: (_, float, random) => ({ [PROJECTION]: rootOfFisher(namedValue(float, logits), axis, random) }),
    factor: (_, float) => {
      const { shape } = namedValue(float, logits);
      const positions = elementCount(shape.toSpliced(normalizeAxis(axis, shape.length), 1));
      return 1 / (2 * Math.max(1, positions));
    },
  };
}

/** The Hessian is the identity, but for a factor: its root, with random signs, is these signs. */
function square(output: string): Measure {
  return {
    ...{ unit: "mean square", values: [output], isLoss: false, loss: projection(output) },
    measure: (values, float) => {
      const [y, right] = [valuesOf(namedValue(values, output)), valuesOf(namedValue(float, output))];
      let sum = 0;
      for (let i = 0; i < right.length; i++) sum += (y[i]! - right[i]!) ** 2;
      return right.length === 0 ? 0 : sum / right.length;
    },
    targets: (_, float, random) => {
      const { shape } = namedValue(float, output);
      const signs = Float32Array.from({ length: elementCount(shape) }, () => signOf(random));
      return { [PROJECTION]: tensor("float32", shape, signs) };
    },
    factor: (_, float) => 1 / Math.max(1, elementCount(namedValue(float, output).shape)),
  };
}

/** The sum of an output's elements, each times that of a target: the gradient by the weights is J^T v. */
function projection(output: string): LossFunction {
  return ({ ops, value, target }) => {
    const y = value(output);
    const axes = y.shape.map((_, axis) => axis);
    return ops.sum(ops.mul(y, target(PROJECTION, { dtype: y.dtype, shape: y.shape })), axes);
  };
}

/** The curvature of a loss with labels is taken to be the mean square of its gradients: the empirical Fisher information. */
function growth(loss: LossFunction, metric: Metric): Measure {
  const of = (values: Results, batch: Batch) => {
    const sums = metric.start();
    sums.add(values, batch);
    return sums.result();
  };
  return {
    ...{ unit: "loss", values: metric.values, isLoss: true, loss },
    measure: (values, float, batch) => of(values, batch) - of(float, batch),
    targets: ({ targets }) => targets,
    factor: ({ feeds }) => (Object.values(feeds)[0]?.shape[0] ?? 1) / 2,
  };
}

/** For each position, the sum over classes of r_c sqrt(p_c) (e_c - p), with random signs r. */
function rootOfFisher(logits: HostTensor, given: number, random: () => number): HostTensor<"float32"> {
  const { shape } = logits;
  const axis = normalizeAxis(given, shape.length);
  const classes = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const z = valuesOf(logits);
  const found = new Float32Array(z.length);
  const p = new Float64Array(classes);
  for (let i = 0; i < z.length / classes; i++) {
    const start = Math.floor(i / inner) * classes * inner + (i % inner);
    let top = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) top = Math.max(top, z[start + c * inner]!);
    let total = 0;
    for (let c = 0; c < classes; c++) total += p[c] = Math.exp(z[start + c * inner]! - top);
    let common = 0;
    for (let c = 0; c < classes; c++) {
      p[c]! /= total;
      const root = signOf(random) * Math.sqrt(p[c]!);
      found[start + c * inner] = root;
      common += root;
    }
    for (let c = 0; c < classes; c++) found[start + c * inner]! -= common * p[c]!;
  }
  return tensor("float32", shape, found);
}

function signOf(random: () => number): number {
  return random() < 0.5 ? -1 : 1;
}

function namedValue(values: Results, name: string): HostTensor {
  const found = values[name];
  if (found === undefined)
    throw new QuantizeError(
      `the objective reads ${JSON.stringify(name)}, which is none of ${Object.keys(values).join(", ")}`,
    );
  return found;
}
