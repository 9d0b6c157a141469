/** Training with @bitbudget/train, as a contender. */
import type { Backend } from "@bitbudget/backend";
import { createTrainer, crossEntropy, sgd } from "@bitbudget/train";
import type { Entrant } from "../contest.ts";
import type { TrainProblem } from "./networks.ts";

/** Small, so that weights stay what they are while the same batch is learned again and again. */
export const LEARNING_RATE = 1e-4;
export const MOMENTUM = 0.9;

/** Steps of stochastic gradient descent with momentum: batch in host memory, loss in host memory. */
export async function trainOurs(name: string, backend: Backend, problem: TrainProblem): Promise<Entrant> {
  const { model, batch } = problem;
  const loss = crossEntropy({ logits: problem.logits });
  const trainer = await createTrainer(model, {
    backend,
    loss,
    optimizer: sgd({ learningRate: LEARNING_RATE, momentum: MOMENTUM }),
  });
  return {
    name,
    async run(times) {
      for (let i = 0; i < times; i++) await trainer.step(batch);
    },
    /** The loss, then all gradients: what a step with a learning rate of 1 takes from the weights. */
    async values() {
      await using once = await createTrainer(model, { backend, loss, optimizer: sgd({ learningRate: 1 }) });
      const before = problem.parameters.map((parameter) => once.parameters.get(parameter)!.data.slice());
      const report = await once.step(batch);
      const gradients = problem.parameters.map((parameter, i) => {
        const after = once.parameters.get(parameter)!.data;
        return before[i]!.map((x, k) => x - after[k]!);
      });
      return [report.loss, ...gradients.flatMap((gradient) => Array.from(gradient))];
    },
    release: () => trainer.dispose(),
  };
}
