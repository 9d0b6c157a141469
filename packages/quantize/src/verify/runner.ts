/** What runs a model: this project's runtime, or another one. */
import type { Backend } from "@bitbudget/backend";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type Feeds, type Results } from "@bitbudget/runtime";

export interface Runner {
  readonly name: string;
  /** @param capture names of intermediate values to return beside the outputs */
  run(feeds: Feeds, capture?: readonly string[]): Promise<Results>;
  dispose(): Promise<void>;
}

/** Makes a model ready to run, or rejects. */
export type RunnerFactory = (model: ModelProto) => Promise<Runner>;

/** A runner that is under examination. */
export interface Suspect {
  readonly name: string;
  readonly open: RunnerFactory;
}

export interface SessionRunnerOptions {
  readonly backend: Backend;
  /** Default: that of the backend. */
  readonly name?: string;
  /** As of `createSession`. Default "fallback". */
  readonly onUnsupported?: "fallback" | "error";
}

/** Plans that are kept: one for the outputs alone, one for what was captured last. */
const PLANS = 2;

/** A model on this project's runtime. @throws as `createSession` does */
export async function sessionRunner(
  model: ModelProto,
  { backend, name = backend.name, onUnsupported = "fallback" }: SessionRunnerOptions,
): Promise<Runner> {
  const session = await createSession(model, { backend, onUnsupported, maxPlans: PLANS });
  return {
    name,
    run: (feeds, capture = []) => session.run(feeds, { capture }),
    dispose: () => session.dispose(),
  };
}
