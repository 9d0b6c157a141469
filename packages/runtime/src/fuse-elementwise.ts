/**
 * Chains of elementwise kernels become one kernel, which reads and writes memory once: `elementwise`, or between a
 * dequantize and a quantize of one tensor a `lookup`. Works on the steps of a segment, before they are given memory.
 */
import {
  type AnySpec,
  type Backend,
  definitionOf,
  MAX_ELEMENTWISE_INPUTS,
  MAX_ELEMENTWISE_STEPS,
  runOnce,
  specKey,
} from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import { type Chain, chainOf, type Derive, isExact, isLink, type Link } from "./chain.ts";
import { zero } from "./operators/weights.ts";
import type { KernelStep, Step } from "./steps.ts";
import type { Slot, Value } from "./values.ts";

export interface FusionParts {
  readonly backend: Backend;
  /** Computes tables. */
  readonly host: Backend;
  /** Slots that are read after the last step. */
  readonly keep: ReadonlySet<Slot>;
  readonly derive: Derive;
}

/** The same results from fewer steps. */
export async function fuseElementwise(steps: readonly Step[], parts: FusionParts): Promise<readonly Step[]> {
  const groups = new Groups(steps, parts.keep);
  const fused = new Map<number, KernelStep>();
  const absorbed = new Set<number>();
  // Readers before what they read: a group is as large as it can be from its last step on.
  for (let root = steps.length - 1; root >= 0; root--) {
    if (absorbed.has(root)) continue;
    const group = await fuse(root, groups, parts);
    if (group === undefined) continue;
    fused.set(root, group.step);
    for (const member of group.members) absorbed.add(member);
  }
  return withoutUnread(
    steps.map((step, i) => fused.get(i) ?? step),
    parts.keep,
  );
}

interface FusedGroup {
  readonly step: KernelStep;
  readonly members: readonly number[];
}

async function fuse(root: number, groups: Groups, parts: FusionParts): Promise<FusedGroup | undefined> {
  const end = groups.link(root);
  // Its result would be as large as if it had a kernel of its own.
  if (end === undefined || end.spec.op === "dequantize") return undefined;
  if (end.spec.op === "quantize") {
    const members = groups.grow(root, () => true);
    const step = await lookupOf(members, groups, parts);
    if (step !== undefined) return { step, members };
  }
  const members = groups.grow(root, end.spec.op === "quantize" ? isExact : () => true);
  if (members.length < 2) return undefined;
  const links = groups.links(members);
  const { spec, weights, inputs } = chainOf(links, parts.derive);
  const [output] = definitionOf(spec).outputs(spec);
  if (output === undefined || !sameShape(output.shape, end.outputs[0]?.type.shape ?? [])) return undefined;
  const support = parts.backend.supports(spec);
  if (!support.supported) return undefined;
  return { members, step: { ...origin(links), spec, weights, inputs, arithmetic: support.arithmetic } };
}

/** What is said of a kernel that stands for several: all their nodes and operators, and the outputs of the last. */
function origin(links: readonly Link[]): Pick<KernelStep, "kind" | "node" | "opType" | "outputs"> {
  const distinct = (names: readonly string[]) => [...new Set(names)].join(" + ");
  return {
    kind: "kernel",
    node: distinct(links.map(({ node }) => node)),
    opType: distinct(links.map(({ opType }) => opType)),
    outputs: links.at(-1)?.outputs ?? [],
  };
}

/** A table in the place of a group that is a function of the codes of one tensor. */
async function lookupOf(
  members: readonly number[],
  groups: Groups,
  { backend, host, derive }: FusionParts,
): Promise<KernelStep | undefined> {
  const links = groups.links(members);
  const [end, ...before] = links.toReversed();
  const inner = before.toReversed();
  if (end?.spec.op !== "quantize" || inner.length === 0) return undefined;
  const chain = chainOf(inner, derive);
  const [codes, ...others] = chain.inputs;
  const { dtype } = end.spec.attributes;
  if (codes === undefined || others.length > 0 || codes.type.dtype === "float32") return undefined;
  if (!sameShape(codes.type.shape, end.outputs[0]?.type.shape ?? [])) return undefined;
  if (dtype !== "uint8" && dtype !== "int8") return undefined;
  const spec = { op: "lookup", inputs: [codes.type], attributes: { output: dtype } } as const;
  const support = backend.supports(spec);
  if (!support.supported) return undefined;
  const made = await tableOf(chain, end, host);
  const table = derive(zero(dtype), tableKey(chain, end), () => made);
  return { ...origin(links), spec, weights: { table }, inputs: [codes], arithmetic: support.arithmetic };
}

/** What a chain and the quantize after it make of every code, in the order of bytes. */
async function tableOf({ spec, weights }: Chain, end: Link, host: Backend): Promise<HostTensor> {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const isSigned = spec.inputs[0]?.dtype === "int8";
  const codes: HostTensor = isSigned
    ? { dtype: "int8", shape: [256], data: new Int8Array(bytes.buffer) }
    : { dtype: "uint8", shape: [256], data: bytes };
  const solve = async (one: AnySpec, given: KernelStep["weights"], input: HostTensor) => {
    using kernel = await host.prepare(one, given);
    const [result] = await runOnce(host, kernel, [input]);
    if (result === undefined) throw new Error(`${one.op} has one output`);
    return result;
  };
  const numbers = await solve({ ...spec, inputs: [codes] }, weights, codes);
  return solve({ ...end.spec, inputs: [numbers] }, end.weights, numbers);
}

function tableKey({ spec, weights }: Chain, end: Link): string {
  const numbers = [weights.constants, end.weights.scale, end.weights.zeroPoint].map(
    (weight) => weight?.data.join(" ") ?? "",
  );
  const { attributes } = spec;
  return `table ${spec.inputs[0]?.dtype} ${specKey({ op: "elementwise", inputs: [], attributes })} ${numbers.join(", ")}`;
}

/** Leaves out what nobody reads: what chains now compute themselves, and what a model computes for a shape alone. */
function withoutUnread(steps: readonly Step[], keep: ReadonlySet<Slot>): readonly Step[] {
  const read = new Set(keep);
  const rest: Step[] = [];
  for (const step of steps.toReversed()) {
    if (!step.outputs.some(({ slot }) => read.has(slot))) continue;
    for (const { slot } of step.inputs) read.add(slot);
    rest.push(step);
  }
  return rest.reverse();
}

/** The steps of a plan as a graph: who makes and who reads what. */
class Groups {
  readonly #steps: readonly Step[];
  readonly #keep: ReadonlySet<Slot>;
  readonly #makers = new Map<Slot, number>();
  readonly #readers = new Map<Slot, { readonly step: number; readonly value: Value }[]>();

  constructor(steps: readonly Step[], keep: ReadonlySet<Slot>) {
    this.#steps = steps;
    this.#keep = keep;
    for (const [i, step] of steps.entries()) {
      for (const { slot } of step.outputs) this.#makers.set(slot, i);
      for (const value of step.inputs) {
        const readers = this.#readers.get(value.slot);
        if (readers === undefined) this.#readers.set(value.slot, [{ step: i, value }]);
        else readers.push({ step: i, value });
      }
    }
  }

  link(i: number): Link | undefined {
    const step = this.#steps[i];
    return step !== undefined && isLink(step) ? step : undefined;
  }

  links(members: readonly number[]): Link[] {
    return members.map((i) => this.link(i)).filter((link) => link !== undefined);
  }

  /** Each group that reads a dequantize computes it anew: codes are a quarter of the bytes of their numbers. */
  isShared(i: number): boolean {
    return this.link(i)?.spec.op === "dequantize";
  }

  /** The steps that end in `root` and can be one kernel, in order. */
  grow(root: number, admits: (link: Link) => boolean): readonly number[] {
    const members = new Set([root]);
    const candidates = new Set(this.#producers(root));
    while (candidates.size > 0) {
      // The last one first: whoever reads it has been decided on.
      const next = Math.max(...candidates);
      candidates.delete(next);
      const link = this.link(next);
      if (link === undefined || !admits(link) || !this.#isInner(next, link, members, root)) continue;
      members.add(next);
      if (this.#fits(members)) for (const producer of this.#producers(next)) candidates.add(producer);
      else members.delete(next);
    }
    return [...members].sort((a, b) => a - b);
  }

  #producers(i: number): number[] {
    const makers = this.#steps[i]?.inputs.map(({ slot, constant }) =>
      constant === undefined ? this.#makers.get(slot) : undefined,
    );
    return makers?.filter((maker) => maker !== undefined) ?? [];
  }

  /** Whether the group alone reads a result, as it is, and computes no more elements than its own result has. */
  #isInner(i: number, link: Link, members: ReadonlySet<number>, root: number): boolean {
    const [output] = link.outputs;
    if (output === undefined || link.spec.op === "quantize") return false;
    const { shape } = output.type;
    if (!sameShape(shape, this.#steps[root]?.outputs[0]?.type.shape ?? [])) return false;
    const readers = this.#readers.get(output.slot) ?? [];
    const own = readers.filter(({ step }) => members.has(step));
    if (!own.every(({ value }) => sameShape(value.type.shape, shape))) return false;
    return this.isShared(i) || (own.length === readers.length && !this.#keep.has(output.slot));
  }

  #fits(members: ReadonlySet<number>): boolean {
    const links = this.links([...members].sort((a, b) => a - b));
    const { inputs, spec } = chainOf(links, (_, __, make) => make());
    return inputs.length <= MAX_ELEMENTWISE_INPUTS && spec.attributes.steps.length <= MAX_ELEMENTWISE_STEPS;
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
