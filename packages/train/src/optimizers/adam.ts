/** Adam, and AdamW. */
import { checkSetting, type Optimizer } from "./optimizer.ts";

export interface AdamOptions {
  readonly learningRate: number;
  /** How fast the averages of the gradient and of its square forget. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions {
  /** Each step takes learningRate * weightDecay of a parameter away. Default 0.01. */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1).
 * @throws TrainingError for settings out of their range
 */
export function adam(options: AdamOptions): Optimizer {
  return make("adam", { ...options, weightDecay: 0 });
}

/**
 * Adam with weight decay that does not go through the moments (Loshchilov and Hutter 2019, algorithm 2; the decay is a
 * factor of the learning rate, so that it follows the schedule).
 * @throws TrainingError for settings out of their range
 */
export function adamW({ weightDecay = 0.01, ...options }: AdamWOptions): Optimizer {
  return make("adamw", { ...options, weightDecay });
}

function make(
  name: string,
  { learningRate, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay }: AdamOptions & { weightDecay: number },
): Optimizer {
  const [beta1, beta2] = betas;
  checkSetting("learningRate", learningRate, 0);
  checkSetting("betas[0]", beta1, 0, 1);
  checkSetting("betas[1]", beta2, 0, 1);
  checkSetting("epsilon", epsilon, 0);
  checkSetting("weightDecay", weightDecay, 0);
  return {
    name,
    learningRate,
    weightDecay,
    slots: ["first moment", "second moment"],
    update: (parameter, gradient, [first, second], { step, learningRate: rate, weightDecay: decay }) => {
      const keep = 1 - rate * decay;
      const scale = rate / (1 - beta1 ** step);
      const correction = 1 / (1 - beta2 ** step);
      for (let i = 0; i < parameter.length; i++) {
        const g = gradient[i]!;
        const m = beta1 * first![i]! + (1 - beta1) * g;
        const v = beta2 * second![i]! + (1 - beta2) * g * g;
        first![i] = m;
        second![i] = v;
        parameter[i] = keep * parameter[i]! - (scale * m) / (Math.sqrt(v * correction) + epsilon);
      }
    },
  };
}
