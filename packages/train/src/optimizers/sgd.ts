/** Stochastic gradient descent. */
import { checkSetting, type Optimizer } from "./optimizer.ts";

export interface SgdOptions {
  readonly learningRate: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Nesterov's momentum instead of the heavy ball. Default false. */
  readonly nesterov?: boolean;
  /** Added to the gradient as weightDecay * parameter. Default 0. */
  readonly weightDecay?: number;
}

/**
 * v = momentum v + g, p -= learningRate v; with Nesterov's momentum p -= learningRate (g + momentum v) (Sutskever et al.
 * 2013, section 2, in the form in which v is in units of the gradient, so that a changed rate acts at once).
 * @throws TrainingError for settings out of their range
 */
export function sgd({
  learningRate,
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions): Optimizer {
  checkSetting("learningRate", learningRate, 0);
  checkSetting("momentum", momentum, 0, 1);
  checkSetting("weightDecay", weightDecay, 0);
  return {
    name: "sgd",
    learningRate,
    weightDecay,
    slots: momentum === 0 ? [] : ["velocity"],
    update: (parameter, gradient, [velocity], { learningRate: rate, weightDecay: decay }) => {
      for (let i = 0; i < parameter.length; i++) {
        const p = parameter[i]!;
        let g = gradient[i]! + decay * p;
        if (velocity !== undefined) {
          const v = momentum * velocity[i]! + g;
          velocity[i] = v;
          g = nesterov ? g + momentum * v : v;
        }
        parameter[i] = p - rate * g;
      }
    },
  };
}
