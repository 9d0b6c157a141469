/** A planned stretch of steps, bound to kernels and memory: what a run executes. */
import { type Backend, type Kernel, runOnce, type Tensor } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Lease, Pool } from "./kernels.ts";
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
  readonly pool: Pool;
  /** Runs the kernels that the backend lacks. */
  readonly host: Backend;
  readonly hostPool: Pool;
  readonly steps: readonly Step[];
  /** Slots that are read after the last step. */
  readonly keep: ReadonlySet<Slot>;
  readonly outside: Tensors;
}

export class Segment {
  readonly arena: Arena;
  readonly #parts: Omit<SegmentParts, "steps">;
  readonly #lease: Lease;
  readonly #hostLease: Lease;
  readonly #memory: Tensor | undefined;
  readonly #slots = new Map<Slot, Tensor>();
  readonly #views = new Map<string, Tensor>();
  readonly #identities = new Map<Slot, number>();
  readonly #steps: BoundStep[] = [];

  private constructor({ steps, ...parts }: SegmentParts) {
    this.#parts = parts;
    this.#lease = parts.pool.lease();
    this.#hostLease = parts.hostPool.lease();
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
    try {
      await segment.#bind(parts.steps);
    } catch (error) {
      await segment.dispose();
      throw error;
    }
    return segment;
  }

  async #bind(steps: readonly Step[]): Promise<void> {
    const kernels = await Promise.all(
      steps.map((step) => {
        if (step.kind === "host") return undefined;
        const lease = step.kind === "kernel" ? this.#lease : this.#hostLease;
        return lease.kernel(step.spec, step.weights);
      }),
    );
    for (const [i, step] of steps.entries())
      this.#steps.push({
        step: withoutWeights(step),
        // What runs on the host reads its inputs there.
        inputs: step.kind === "kernel" ? step.inputs.map((value) => this.tensor(value)) : [],
        outputs: step.outputs.map((value) => this.tensor(value)),
        kernel: kernels[i],
      });
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
    if (value.constant !== undefined) return this.#lease.constant(value.constant);
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
    // Dispatch is synchronous: waiting for it would cost small models more than their kernels.
    for (const bound of this.#steps)
      if (bound.step.kind === "kernel") this.#dispatch(bound);
      else await this.#compute(bound);
  }

  /** Runs one step after the other and times each, in milliseconds of one run. */
  async profile(): Promise<{ readonly step: Step; readonly ms: number }[]> {
    const times: { step: Step; ms: number }[] = [];
    for (const bound of this.#steps) {
      const start = performance.now();
      if (bound.step.kind === "kernel") this.#dispatch(bound);
      else await this.#compute(bound);
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

  async dispose(): Promise<void> {
    this.#memory?.dispose();
    await this.#lease.release();
    await this.#hostLease.release();
  }

  #dispatch({ inputs, outputs, kernel }: BoundStep): void {
    if (kernel !== undefined) this.#parts.backend.dispatch(kernel, inputs, outputs);
  }

  /** On the host: values are read from the device, and the results written there. */
  async #compute({ step, outputs, kernel }: BoundStep): Promise<void> {
    const { backend, host } = this.#parts;
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
