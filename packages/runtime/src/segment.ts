/** A planned stretch of steps, bound to kernels and memory: what a run executes. */
import { type Backend, type Kernel, runOnce, type Tensor } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Prepared } from "./kernels.ts";
import { type Arena, planArena } from "./memory.ts";
import type { Step } from "./steps.ts";
import type { Slot, Value } from "./values.ts";

interface BoundStep {
  readonly step: Step;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly kernel: Kernel | undefined;
}

/** Where values live that come from outside of the segment: feeds, and what earlier segments left. */
export type Tensors = ReadonlyMap<Slot, Tensor>;

export interface SegmentParts {
  readonly backend: Backend;
  readonly prepared: Prepared;
  /** Runs the kernels that the backend lacks. */
  readonly host: Backend;
  readonly hostPrepared: Prepared;
  readonly steps: readonly Step[];
  /** Slots that are read after the last step. */
  readonly keep: ReadonlySet<Slot>;
  readonly outside: Tensors;
}

export class Segment {
  readonly arena: Arena;
  readonly #parts: Omit<SegmentParts, "steps">;
  readonly #memory: Tensor | undefined;
  readonly #slots = new Map<Slot, Tensor>();
  readonly #views = new Map<string, Tensor>();
  readonly #identities = new Map<Slot, number>();
  readonly #steps: BoundStep[] = [];

  private constructor({ steps, ...parts }: SegmentParts) {
    this.#parts = parts;
    const made = new Set<Slot>();
    for (const [i, step] of steps.entries()) {
      for (const { slot } of step.outputs) made.add(slot);
      for (const { slot } of [...step.inputs, ...step.outputs]) slot.touch(i);
    }
    for (const slot of made) if (parts.keep.has(slot)) slot.touch(steps.length);
    this.arena = planArena(made);
    if (this.arena.bytes === 0 && made.size === 0) return;
    // At least one byte, so that empty tensors have something to be a view of.
    this.#memory = parts.backend.create({ dtype: "uint8", shape: [Math.max(1, this.arena.bytes)] });
    for (const [slot, offset] of this.arena.offsets)
      this.#slots.set(
        slot,
        parts.backend.view(this.#memory, { dtype: "uint8", shape: [slot.bytes] }, offset),
      );
  }

  /** Lays out the memory and prepares all kernels, in parallel. */
  static async build(parts: SegmentParts): Promise<Segment> {
    const segment = new Segment(parts);
    const kernels = await Promise.all(
      parts.steps.map((step) => {
        if (step.kind === "host") return undefined;
        const prepared = step.kind === "kernel" ? parts.prepared : parts.hostPrepared;
        return prepared.kernel(step.spec, step.weights);
      }),
    );
    for (const [i, step] of parts.steps.entries())
      segment.#steps.push({
        step: withoutWeights(step),
        inputs: step.inputs.map((value) => segment.tensor(value)),
        outputs: step.outputs.map((value) => segment.tensor(value)),
        kernel: kernels[i],
      });
    return segment;
  }

  /** Slots and their tensors as the next segment sees them. */
  get tensors(): Tensors {
    return new Map([...this.#parts.outside, ...this.#slots]);
  }

  get steps(): readonly Step[] {
    return this.#steps.map(({ step }) => step);
  }

  /** The tensor of a value: in the arena, from outside, or a constant that was uploaded. */
  tensor(value: Value): Tensor {
    if (value.constant !== undefined) return this.#parts.prepared.constant(value.constant);
    const base = this.#slots.get(value.slot) ?? this.#parts.outside.get(value.slot);
    if (base === undefined) throw new Error(`a value of type ${value.type.dtype} has no memory`);
    let identity = this.#identities.get(value.slot);
    if (identity === undefined) {
      identity = this.#identities.size;
      this.#identities.set(value.slot, identity);
    }
    const key = `${identity} ${value.type.dtype} ${value.type.shape.join(",")}`;
    let tensor = this.#views.get(key);
    if (tensor === undefined) {
      tensor = this.#parts.backend.view(base, value.type);
      this.#views.set(key, tensor);
    }
    return tensor;
  }

  async read(value: Value): Promise<HostTensor> {
    return value.constant ?? this.#parts.backend.read(this.tensor(value));
  }

  async run(): Promise<void> {
    for (const bound of this.#steps) await this.#run(bound);
  }

  /** Runs one step after the other and times each, in milliseconds of one run. */
  async profile(): Promise<{ readonly step: Step; readonly ms: number }[]> {
    const times: { step: Step; ms: number }[] = [];
    for (const bound of this.#steps) {
      const start = performance.now();
      await this.#run(bound);
      let ms = performance.now() - start;
      if (bound.step.kind === "kernel" && bound.kernel !== undefined) {
        const { samplesMs } = await this.#parts.backend.time(
          bound.kernel,
          bound.inputs,
          bound.outputs,
          PROFILE,
        );
        ms = samplesMs.reduce((sum, sample) => sum + sample, 0) / samplesMs.length;
      }
      times.push({ step: bound.step, ms });
    }
    return times;
  }

  dispose(): void {
    this.#memory?.dispose();
  }

  async #run({ step, inputs, outputs, kernel }: BoundStep): Promise<void> {
    const { backend, host } = this.#parts;
    if (step.kind === "kernel" && kernel !== undefined) return backend.dispatch(kernel, inputs, outputs);
    const values = await Promise.all(step.inputs.map((value) => this.read(value)));
    const results =
      step.kind === "host" ? step.compute(values) : kernel && (await runOnce(host, kernel, values));
    for (const [i, tensor] of outputs.entries()) {
      const result = results?.[i];
      if (result === undefined) throw new Error(`${step.opType} ${step.node} did not compute output ${i}`);
      backend.write(tensor, result.data);
    }
  }
}

/** What is left of a step once its kernel is prepared: nothing here keeps the unpacked weights alive. */
function withoutWeights(step: Step): Step {
  if (step.kind === "host") return step;
  return step.kind === "kernel" ? { ...step, weights: {}, inputs: [] } : { ...step, weights: {} };
}

/** Few samples: a profile looks at every node of a model. */
const PROFILE = { warmup: 1, samples: 3, minSampleMs: 0.5 };
