/**
 * A program planned for feeds of certain types: a tree of segments. Most models are one segment; where planning needs
 * content that only a run can tell, the segment ends, and the next one is chosen by that content.
 */
import type { Backend, Tensor } from "@bitbudget/backend";
import type { HostTensor, Storage } from "@bitbudget/core";
import { fuseElementwise } from "./fuse-elementwise.ts";
import type { Pool } from "./kernels.ts";
import { newValue } from "./lowering.ts";
import { describeStep, type PlanRow } from "./plan-table.ts";
import { Planner, type Task } from "./planner.ts";
import type { Program } from "./program.ts";
import { readTransposed } from "./read-transposed.ts";
import { Recent } from "./recent.ts";
import { refuseFallbacks } from "./refusals.ts";
import { Segment, type Tensors } from "./segment.ts";
import type { ProfileRow, Results } from "./session.ts";
import { Environment, type Scope, type Slot, type Value } from "./values.ts";

export interface PlanParts {
  readonly backend: Backend;
  readonly pool: Pool;
  readonly host: Backend;
  readonly hostPool: Pool;
  /** Whether kernels that the backend lacks may run on the host instead. */
  readonly fallback: boolean;
  /** Whether chains of elementwise kernels become one. */
  readonly fuse: boolean;
  /** How many ways to go on are remembered where content decides. */
  readonly maxPlans: number;
  readonly program: Program;
  /** Feeds of the types to plan for; their content does not matter. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/** A segment, and how to go on after it. */
interface Node {
  readonly segment: Segment;
  readonly needs: Value | undefined;
  readonly environment: Environment;
  readonly tasks: readonly Task[];
  readonly next: Recent<Node>;
}

/** Content of up to this many elements chooses among remembered continuations; of more, the rest is planned each time. */
const REMEMBERED_ELEMENTS = 64;

export class Plan {
  readonly #parts: Omit<PlanParts, "feeds">;
  readonly #scope: Scope;
  readonly #feeds = new Map<string, Tensor>();
  readonly #outside = new Map<Slot, Tensor>();
  /** Where planning begins; gone once it has. */
  #start: { readonly environment: Environment; readonly tasks: readonly Task[] } | undefined;
  #root: Promise<Node> | undefined;
  /** Segments of the last run, in order. */
  #path: readonly Segment[] = [];

  constructor({ feeds, ...parts }: PlanParts) {
    const { program, backend } = parts;
    this.#parts = parts;
    this.#scope = { opsets: program.opsets };
    const environment = new Environment();
    for (const { name } of program.graph.input) {
      const feed = feeds[name];
      if (feed === undefined) continue;
      const value = newValue({ dtype: feed.dtype, shape: feed.shape });
      const tensor = backend.create(value.type);
      this.#feeds.set(name, tensor);
      this.#outside.set(value.slot, tensor);
      environment.set(this.#scope, name, value);
    }
    this.#start = { environment, tasks: program.enter(program.graph, this.#scope, environment) };
  }

  get rows(): readonly PlanRow[] {
    return this.#path.flatMap((segment) => segment.steps.map(describeStep));
  }

  get peakBytes(): number {
    return this.#path.reduce((sum, segment) => sum + segment.arena.bytes, 0);
  }

  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Results> {
    return this.#walk(feeds, (segment) => segment.run());
  }

  async profile(feeds: Readonly<Record<string, HostTensor>>): Promise<ProfileRow[]> {
    const rows: ProfileRow[] = [];
    await this.#walk(feeds, async (segment) => {
      for (const { step, ms } of await segment.profile()) rows.push({ ...describeStep(step), ms });
    });
    return rows;
  }

  async dispose(): Promise<void> {
    for (const tensor of this.#feeds.values()) tensor.dispose();
    // A plan that failed has nothing to free.
    await this.#root?.then(disposeNode, () => undefined);
    this.#root = undefined;
  }

  /** Executes segment after segment and collects the outputs. */
  async #walk(
    feeds: Readonly<Record<string, HostTensor>>,
    execute: (segment: Segment) => Promise<void>,
  ): Promise<Results> {
    for (const [name, tensor] of this.#feeds) {
      const feed = feeds[name];
      if (feed !== undefined) this.#parts.backend.write(tensor, feed.data);
    }
    // Parents first; a child that is remembered by one of them goes with it.
    const forgotten: Node[] = [];
    const path: Segment[] = [];
    let node = await this.#begin();
    try {
      for (;;) {
        path.push(node.segment);
        await execute(node.segment);
        if (node.needs === undefined) break;
        const content = await node.segment.read(node.needs);
        const { next, remembered } = await this.#continue(node, node.needs.slot, content);
        if (!remembered) forgotten.push(next);
        node = next;
      }
      this.#path = path;
      return await this.#outputs(node);
    } finally {
      for (const each of forgotten) await disposeNode(each);
    }
  }

  /** The first segment, built at the first run. */
  #begin(): Promise<Node> {
    const start = this.#start;
    this.#start = undefined;
    if (start !== undefined) this.#root = this.#build(start.environment, start.tasks, this.#outside);
    return this.#root ?? Promise.reject(new Error("a plan was used after it was disposed"));
  }

  async #continue(node: Node, slot: Slot, content: HostTensor): Promise<{ next: Node; remembered: boolean }> {
    const key = contentKey(content);
    const known = key === undefined ? undefined : node.next.get(key);
    if (known !== undefined) return { next: known, remembered: true };
    const environment = node.environment.copy();
    environment.reveal(slot, content);
    const next = await this.#build(environment, node.tasks, node.segment.tensors);
    const gone = key === undefined ? [] : node.next.add(key, next);
    for (const each of gone) await disposeNode(each);
    return { next, remembered: key !== undefined };
  }

  async #build(environment: Environment, tasks: readonly Task[], outside: Tensors): Promise<Node> {
    const { backend, host, pool, hostPool, fallback, fuse, maxPlans, program } = this.#parts;
    const planner = new Planner({ backend, folder: host, program }, environment, tasks);
    const { steps: planned, needs } = await planner.plan();
    const keep = new Set<Slot>();
    const keepValue = (value: Value | undefined) => value !== undefined && keep.add(value.slot);
    keepValue(needs);
    for (const { name } of program.graph.output) keepValue(environment.get(this.#scope, name));
    for (const task of planner.tasks) {
      for (const [scope, name] of task.uses) keepValue(environment.get(scope, name));
      for (const value of task.values ?? []) keepValue(value);
    }
    const derive = program.derived.bind(program);
    const steps = fuse
      ? await fuseElementwise(readTransposed(planned, backend), { backend, host, keep, derive })
      : planned;
    if (!fallback) refuseFallbacks(backend, steps);
    const segment = await Segment.build({ backend, host, pool, hostPool, steps, keep, outside });
    const rest = needs === undefined ? this.#outputsOf(environment) : environment;
    const next = new Recent<Node>(maxPlans);
    return { segment, needs, environment: rest, tasks: [...planner.tasks], next };
  }

  /** The outputs alone: a finished plan has no use for the weights that other names stand for. */
  #outputsOf(environment: Environment): Environment {
    const outputs = new Environment();
    for (const { name } of this.#parts.program.graph.output) {
      const value = environment.get(this.#scope, name);
      if (value !== undefined) outputs.set(this.#scope, name, value);
    }
    return outputs;
  }

  async #outputs({ environment, segment }: Node): Promise<Results> {
    const results: Results = {};
    for (const { name } of this.#parts.program.graph.output) {
      const value = environment.get(this.#scope, name);
      if (value === undefined) continue;
      const { dtype, shape, data } = await segment.read(value);
      // What planning knows is used again in the next run: callers get a copy that they may write to.
      results[name] = { dtype, shape: [...shape], data: value.constant === undefined ? data : data.slice() };
    }
    return results;
  }
}

async function disposeNode({ segment, next }: Node): Promise<void> {
  for (const child of next.clear()) await disposeNode(child);
  await segment.dispose();
}

function contentKey({ dtype, shape, data }: HostTensor): string | undefined {
  const elements: Storage = data;
  return elements.length > REMEMBERED_ELEMENTS
    ? undefined
    : `${dtype} ${shape.join(",")} ${elements.join(",")}`;
}
