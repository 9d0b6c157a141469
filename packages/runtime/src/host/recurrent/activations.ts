/** Activations of recurrent cells, by their ONNX names. Each works in place on a range of an array. */

export type Activation = (values: Float64Array, from: number, to: number) => void;

/** Alpha and beta where an operator leaves them out (those of the ONNX operators of the same names). */
interface Definition {
  readonly alpha?: number;
  readonly beta?: number;
  make(alpha: number, beta: number): Activation;
}

const definitions: Readonly<Record<string, Definition>> = {
  relu: { make: () => elementwise((x) => Math.max(0, x)) },
  tanh: { make: () => tanh },
  sigmoid: { make: () => sigmoid },
  affine: { alpha: 1, beta: 0, make: (alpha, beta) => elementwise((x) => alpha * x + beta) },
  leakyrelu: { alpha: 0.01, make: (alpha) => elementwise((x) => (x >= 0 ? x : alpha * x)) },
  thresholdedrelu: { alpha: 1, make: (alpha) => elementwise((x) => (x >= alpha ? x : 0)) },
  scaledtanh: { alpha: 1, beta: 1, make: (alpha, beta) => elementwise((x) => alpha * Math.tanh(beta * x)) },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    make: (alpha, beta) => elementwise((x) => Math.min(Math.max(alpha * x + beta, 0), 1)),
  },
  elu: { alpha: 1, make: (alpha) => elementwise((x) => (x >= 0 ? x : alpha * Math.expm1(x))) },
  softsign: { make: () => elementwise((x) => x / (1 + Math.abs(x))) },
  softplus: { make: () => elementwise((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) },
};

/** The two that nearly every model uses have loops of their own; the others may call a function for each element. */
function sigmoid(values: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) values[i] = 1 / (1 + Math.exp(-values[i]!));
}

function tanh(values: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) values[i] = Math.tanh(values[i]!);
}

function elementwise(f: (x: number) => number): Activation {
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = f(values[i]!);
  };
}

/**
 * The activations of a node. `alphas` and `betas` hold a value for each function that takes one, in order; where they
 * are too short the defaults hold.
 * @throws RangeError with the name that ONNX does not have
 */
export function makeActivations(
  names: readonly string[],
  alphas: readonly number[],
  betas: readonly number[],
): Activation[] {
  let alphaAt = 0;
  let betaAt = 0;
  return names.map((name) => {
    const key = name.toLowerCase();
    const definition = Object.hasOwn(definitions, key) ? definitions[key] : undefined;
    if (definition === undefined) throw new RangeError(`has the unknown activation ${JSON.stringify(name)}`);
    const { alpha = 0, beta = 0 } = definition;
    return definition.make(
      definition.alpha === undefined ? alpha : (alphas[alphaAt++] ?? alpha),
      definition.beta === undefined ? beta : (betas[betaAt++] ?? beta),
    );
  });
}

/** Clamps a range to [-bound, bound]; undefined leaves it. */
export function clip(values: Float64Array, from: number, to: number, bound: number | undefined): void {
  if (bound === undefined) return;
  for (let i = from; i < to; i++) values[i] = Math.max(-bound, Math.min(bound, values[i]!));
}
