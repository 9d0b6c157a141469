/** Optimizers against steps worked by hand, and against their published recurrences in float64. */
import { describe, expect, test } from "vitest";
import { adam, adamW, type Optimizer, randomNumbers, sgd, TrainingError } from "../../src/index.ts";

/** The parameter after each gradient. */
function run(optimizer: Optimizer, start: number, gradients: readonly number[]): number[] {
  const parameter = Float32Array.of(start);
  const slots = optimizer.slots.map(() => new Float32Array(1));
  const { learningRate, weightDecay } = optimizer;
  return gradients.map((gradient, i) => {
    optimizer.update(parameter, Float32Array.of(gradient), slots, { step: i + 1, learningRate, weightDecay });
    return parameter[0]!;
  });
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(found[i], `step ${i + 1}`).toBeCloseTo(value, 5);
}

describe("by hand", () => {
  test("gradient descent", () => {
    expectClose(run(sgd({ learningRate: 0.1 }), 1, [2, -1]), [0.8, 0.9]);
  });

  test("momentum: v = 0.5, then 0.95", () => {
    expectClose(run(sgd({ learningRate: 0.1, momentum: 0.9 }), 1, [0.5, 0.5]), [0.95, 0.855]);
  });

  test("Nesterov's momentum: 0.5 + 0.45, then 0.5 + 0.855", () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true });
    expectClose(run(optimizer, 1, [0.5, 0.5]), [0.905, 0.7695]);
  });

  test("weight decay of gradient descent is part of the gradient", () => {
    expectClose(run(sgd({ learningRate: 0.1, weightDecay: 0.5 }), 2, [0, 0]), [1.9, 1.805]);
  });

  test("the first step of Adam is the learning rate, whatever the gradient", () => {
    for (const gradient of [1e-3, 1, 1e3])
      expectClose(run(adam({ learningRate: 0.1 }), 1, [gradient, gradient]), [0.9, 0.8]);
  });

  test("weight decay of AdamW goes by its moments", () => {
    expectClose(run(adamW({ learningRate: 0.1, weightDecay: 0.5 }), 2, [0, 0]), [1.9, 1.805]);
    expectClose(run(adamW({ learningRate: 0.1, weightDecay: 0.5 }), 2, [3]), [2 * 0.95 - 0.1]);
  });
});

describe("published recurrences", () => {
  const random = randomNumbers(1);
  const gradients = Array.from({ length: 60 }, () => Math.fround(4 * random() - 1));

  test("Adam, algorithm 1, and AdamW, algorithm 2", () => {
    for (const decay of [0, 0.1]) {
      const [rate, beta1, beta2, epsilon] = [0.02, 0.8, 0.95, 1e-3];
      let [x, m, v] = [0.7, 0, 0];
      const expected = gradients.map((g, i) => {
        const t = i + 1;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        const [mHat, vHat] = [m / (1 - beta1 ** t), v / (1 - beta2 ** t)];
        x = x - rate * (mHat / (Math.sqrt(vHat) + epsilon) + decay * x);
        return x;
      });
      const settings = { learningRate: rate, betas: [beta1, beta2], epsilon } as const;
      const optimizer = decay === 0 ? adam(settings) : adamW({ ...settings, weightDecay: decay });
      expectClose(run(optimizer, 0.7, gradients), expected);
    }
  });

  test("the momentum of Sutskever et al., with v in units of the step", () => {
    // Equations 1 to 4: v' = mu v - rate gradient(x + mu v); x' = x + v', seen from the point x + mu v.
    const [rate, mu] = [0.01, 0.9];
    let [x, v] = [0.7, 0];
    const nesterov = gradients.map((g) => {
      v = mu * v - rate * g;
      x += v;
      return x + mu * v;
    });
    expectClose(run(sgd({ learningRate: rate, momentum: mu, nesterov: true }), 0.7, gradients), nesterov);
    [x, v] = [0.7, 0];
    const heavy = gradients.map((g) => {
      v = mu * v - rate * g;
      x += v;
      return x;
    });
    expectClose(run(sgd({ learningRate: rate, momentum: mu }), 0.7, gradients), heavy);
  });
});

test("settings out of their range are refused by name", () => {
  expect(() => sgd({ learningRate: -1 })).toThrow(/learningRate must be at least 0.*-1/);
  expect(() => sgd({ learningRate: Number.NaN })).toThrow(TrainingError);
  expect(() => sgd({ learningRate: Number.POSITIVE_INFINITY })).toThrow(TrainingError);
  expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(/momentum/);
  expect(() => adam({ learningRate: 1, betas: [0.9, 1] })).toThrow(/betas\[1\]/);
  expect(() => adam({ learningRate: 1, epsilon: -1 })).toThrow(/epsilon/);
  expect(() => adamW({ learningRate: 1, weightDecay: -1 })).toThrow(/weightDecay/);
});
