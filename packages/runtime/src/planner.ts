/**
 * Planning: walks the nodes of a graph with concrete types and turns them into steps. What follows from constants and
 * shapes alone is computed on the way and leaves no step. Where a node cannot be planned without the content of a
 * value that only a run can tell (the shape for a Reshape, the condition of an If), planning stops: the steps so far
 * are a segment, and planning goes on from there in the run, with that content known.
 */
import type { Backend } from "@bitbudget/backend";
import { BitbudgetError, elementCount, type HostTensor } from "@bitbudget/core";
import { type NodeProto, OnnxError, usesOf } from "@bitbudget/onnx";
import { expand } from "./control.ts";
import { NodeError } from "./errors.ts";
import { foldSteps } from "./fold.ts";
import { type LoweringHost, NeedsContent, NodeLowering } from "./lowering.ts";
import type { Operator } from "./operator.ts";
import type { Program } from "./program.ts";
import type { Step } from "./steps.ts";
import type { Environment, Scope, Slot, Value } from "./values.ts";

/** Something still to be planned: a node, or the end of a branch or of a round of a loop. */
export interface Task {
  /** Names that it will look up, so that their values live until then. */
  readonly uses: readonly (readonly [Scope, string])[];
  /** Values without a name that it holds on to. */
  readonly values?: readonly Value[];
  plan(planner: Planner): void;
}

export interface PlannerOptions {
  readonly backend: Backend;
  /** Computes at planning time what does not depend on feeds. */
  readonly folder: Backend;
  readonly program: Program;
}

/** A stretch of steps, and the value whose content decides how to go on, if there is one. */
export interface SegmentPlan {
  readonly steps: readonly Step[];
  readonly needs: Value | undefined;
}

export class Planner implements LoweringHost {
  readonly options: PlannerOptions;
  readonly environment: Environment;
  readonly #tasks: Task[];
  readonly #steps: Step[] = [];

  constructor(options: PlannerOptions, environment: Environment, tasks: readonly Task[]) {
    this.options = options;
    this.environment = environment;
    this.#tasks = [...tasks];
  }

  get backend(): Backend {
    return this.options.backend;
  }

  /** Tasks that are left, the next one first. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /** Puts tasks before all others. */
  next(...tasks: readonly Task[]): void {
    this.#tasks.unshift(...tasks);
  }

  emit(step: Step): void {
    this.#steps.push(step);
  }

  operator(domain: string, opType: string): Operator {
    return this.options.program.operator(domain, opType);
  }

  derived(tensor: HostTensor, key: string, make: () => HostTensor): HostTensor {
    return this.options.program.derived(tensor, key, make);
  }

  /** The value of a name. @throws NodeError when nothing defines it */
  lookup(scope: Scope, name: string, node: NodeProto): Value {
    const value = this.environment.get(scope, name);
    if (value !== undefined) return value;
    throw new NodeError(
      this.options.program.label(node),
      node.opType,
      `has no value ${JSON.stringify(name)}`,
    );
  }

  /** Plans until the end or until content is needed. Call it once. */
  async plan(): Promise<SegmentPlan> {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      const mark = this.#steps.length;
      try {
        task.plan(this);
      } catch (reason) {
        if (!(reason instanceof NeedsContent)) throw reason;
        // Undo what the task did so far; it is planned again once the content is there.
        this.#steps.length = mark;
        this.#tasks.unshift(task);
        return { steps: this.#steps, needs: reason.value };
      }
      await this.#fold(mark);
    }
    return { steps: this.#steps, needs: undefined };
  }

  /**
   * Runs the steps since `mark` now, if everything that they read is known. Where a part of it is known alone, the steps
   * that need no more run now, unless what they make takes more room than what they read.
   */
  async #fold(mark: number): Promise<void> {
    const steps = this.#steps.slice(mark);
    const made = new Set(steps.flatMap((step) => step.outputs.map((output) => output.slot)));
    const isKnown = (value: Value) => value.constant !== undefined || made.has(value.slot);
    const isWhole = steps.every((step) => step.inputs.every(isKnown));
    const known = isWhole ? steps : knownSteps(steps);
    if (known.length === 0) return;
    const results = await foldSteps(known, this.options.folder);
    const rest = steps.filter((step) => !known.includes(step)).map((step) => withContent(step, results));
    this.#steps.splice(mark, steps.length, ...rest);
    for (const [slot, tensor] of results) this.environment.reveal(slot, tensor);
  }
}

/** The steps of a node that read nothing but constants and each other, and make no more elements than they read. */
function knownSteps(steps: readonly Step[]): readonly Step[] {
  const made = new Set<Slot>();
  return steps.filter((step) => {
    const count = (values: readonly Value[]) =>
      values.reduce((sum, { type }) => sum + elementCount(type.shape), 0);
    const isKnown = step.inputs.every(({ constant, slot }) => constant !== undefined || made.has(slot));
    if (!isKnown || step.inputs.length === 0 || count(step.outputs) > count(step.inputs)) return false;
    for (const { slot } of step.outputs) made.add(slot);
    return true;
  });
}

/** A step that reads what has been computed as the constants that it is. */
function withContent(step: Step, results: ReadonlyMap<Slot, HostTensor>): Step {
  const inputs = step.inputs.map((value): Value => {
    const content = results.get(value.slot);
    return content === undefined ? value : { ...value, constant: { ...value.type, data: content.data } };
  });
  return { ...step, inputs };
}

/** A node in a scope, as a task. */
export function nodeTask(node: NodeProto, scope: Scope, program: Program): Task {
  return {
    uses: [...usesOf(node)].map(([name]) => [scope, name] as const),
    plan(planner) {
      const inputs = node.input.map((name) => (name === "" ? undefined : planner.lookup(scope, name, node)));
      if (expand(node, scope, inputs, planner)) return;
      const label = program.label(node);
      const lowering = new NodeLowering(planner, node, program.opset(scope, node.domain), inputs, label);
      const outputs = withNode(label, node, () => planner.operator(node.domain, node.opType)(lowering));
      for (const [i, name] of node.output.entries()) {
        if (name === "") continue;
        const value = outputs[i];
        if (value === undefined) throw new NodeError(label, node.opType, `does not compute output ${i}`);
        planner.environment.set(scope, name, value);
      }
    },
  };
}

/** A spec or a shape that an operator asked for and that makes no sense is the node's fault: its error names the node. */
function withNode<T>(label: string, node: NodeProto, lower: () => T): T {
  try {
    return lower();
  } catch (error) {
    const isBare =
      error instanceof BitbudgetError && !(error instanceof NodeError || error instanceof OnnxError);
    throw isBare ? new NodeError(label, node.opType, error.message, { cause: error }) : error;
  }
}
