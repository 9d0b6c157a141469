/** A quantized model as training computes it: the forward part of a training step, in float arithmetic. */
import type { Backend } from "@bitbudget/backend";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type Feeds, type Results, type Session } from "@bitbudget/runtime";
import { forwardGraph } from "../graph/forward.ts";
import { chooseParameters, defaultParameters } from "../parameters.ts";

export interface Simulation extends AsyncDisposable {
  /** The outputs of the model. */
  run(feeds: Feeds): Promise<Results>;
}

/** Batch normalizations are frozen. @param model of `prepareQat`, trained or not */
export function simulate(model: ModelProto, { backend }: { readonly backend: Backend }): Simulation {
  // Fed, as they are in training, so that the kernels are those of training.
  const parameters = Object.fromEntries(chooseParameters(model, defaultParameters(model)));
  const outputs = model.graph?.output.map(({ name }) => name) ?? [];
  const sessions = new Map<string, Promise<{ session: Session; names: readonly string[] }>>();
  const sessionFor = (feeds: Feeds) => {
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    const key = JSON.stringify(shapes);
    let found = sessions.get(key);
    if (found === undefined) {
      const { ops, value } = forwardGraph(model, {
        shapes,
        parameters: Object.keys(parameters),
        statistics: "frozen",
      });
      const values = outputs.map(value);
      for (const each of values) ops.output(each);
      found = createSession(ops.build("simulation"), { backend }).then((session) => ({
        session,
        names: values.map(({ name }) => name),
      }));
      sessions.set(key, found);
    }
    return found;
  };
  return {
    async run(feeds) {
      const { session, names } = await sessionFor(feeds);
      const results = await session.run({ ...feeds, ...parameters });
      return Object.fromEntries(outputs.map((name, i) => [name, results[names[i] ?? ""]!]));
    },
    async [Symbol.asyncDispose]() {
      for (const each of sessions.values()) await (await each).session.dispose();
    },
  };
}
