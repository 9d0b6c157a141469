/**
 * Which values of a model are codes, and how they are coded. Inputs of quantized layers are; so is what lies between them,
 * where the target has operators on codes: then nothing is decoded on the way. What no quantized layer comes after stays
 * float. Values that operators only move share one scale.
 */
import { type Range, rangeUnion } from "@bitbudget/core";
import type { Graph, NodeProto } from "@bitbudget/onnx";
import type { Calibration } from "../../calibration/statistics.ts";
import { QuantizeError } from "../../errors.ts";
import type { Layer } from "../../layers.ts";
import { isOrt, type Target } from "../targets/target.ts";
import { type CodeFormat, type Coding, codingOf } from "./coding.ts";
import { activationsOf, type Role, reduces, roleOf } from "./roles.ts";
import { Sets } from "./sets.ts";

export interface PlanOptions {
  readonly graph: Graph;
  readonly target: Target;
  /** Layers that compute on codes of a byte, with the format of their inputs. */
  readonly layers: ReadonlyMap<NodeProto, StaticLayer>;
  readonly calibration: Calibration | undefined;
  /** Whether groups are written as operators on codes. */
  readonly explicit: boolean;
}

export interface StaticLayer {
  readonly layer: Layer;
  readonly format: CodeFormat;
}

export interface Step {
  readonly node: NodeProto;
  readonly role: Role | "layer";
  /** The Relu or Clip that is done by the codes of this node's result. */
  readonly clamp?: NodeProto;
}

export interface StaticPlan {
  /** In the order of the model. A clamp that belongs to another step is none itself. */
  readonly steps: readonly Step[];
  /** By the name of the value. */
  readonly codings: ReadonlyMap<string, Coding>;
}

export function planCodes(options: PlanOptions): StaticPlan {
  const roles = findRoles(options);
  const wanted = findWanted(options, roles);
  const active = options.graph.order().filter((node) => {
    const role = roles.get(node);
    return role === "layer" || (role !== undefined && node.output.some((name) => wanted.has(name)));
  });
  const clamps = mergedClamps(options.graph, active, roles, wanted);
  const merged = new Set(clamps.values());
  const steps = active
    .filter((node) => !merged.has(node))
    .map((node): Step => {
      const clamp = clamps.get(node);
      return { node, role: roles.get(node) ?? "layer", ...(clamp && { clamp }) };
    });
  for (const node of clamps.keys()) wanted.delete(node.output[0] ?? "");
  return { steps, codings: findCodings(options, steps, wanted) };
}

/** Inputs of layers that are activations. */
export function inputsOf({ layer }: StaticLayer): readonly string[] {
  return layer.weights.length === 0 ? layer.node.input.slice(0, 2) : layer.node.input.slice(0, 1);
}

/** What each node does, if all it reads are codes. */
function findRoles({ graph, target, layers, explicit }: PlanOptions): Map<NodeProto, Role | "layer"> {
  const roles = new Map<NodeProto, Role | "layer">();
  /** Values that may be codes, with the format they have in bytes. */
  const storage = new Map<string, string>();
  for (const each of layers.values())
    for (const name of inputsOf(each)) if (!storage.has(name)) storage.set(name, each.format.storage);
  for (const node of graph.order()) {
    const layer = layers.get(node);
    const given = activationsOf(node).filter((name) => name !== "" && !graph.initializers.has(name));
    const formats = new Set(given.map((name) => storage.get(name)));
    const [format] = formats;
    let role: Role | "layer" | undefined;
    if (layer !== undefined) role = "layer";
    else if (formats.size === 1 && format !== undefined) role = roleOf(graph, node, target, format, explicit);
    if (role === undefined) continue;
    roles.set(node, role);
    const made = layer?.format.storage ?? format ?? "";
    for (const name of node.output) if (name !== "" && !storage.has(name)) storage.set(name, made);
  }
  return roles;
}

/** Values that are worth being codes: something computes on them, or reduces them. */
function findWanted(
  { graph, target, layers }: PlanOptions,
  roles: ReadonlyMap<NodeProto, Role | "layer">,
): Set<string> {
  const wanted = new Set<string>();
  for (const each of layers.values()) for (const name of inputsOf(each)) wanted.add(name);
  for (const node of graph.order().toReversed()) {
    const role = roles.get(node);
    if (role === undefined) continue;
    // onnxruntime computes a convolution on codes only where its result is codes, too.
    const mustEnd = role === "layer" && node.opType === "Conv" && isOrt(target);
    if (mustEnd || (role !== "layer" && reduces(node))) wanted.add(node.output[0] ?? "");
    const [next] = graph.consumers(node.output[0] ?? "");
    if (mustEnd && isClampOf(graph, node, next?.node, roles)) wanted.add(next?.node.output[0] ?? "");
    if (role === "layer" || !node.output.some((name) => wanted.has(name))) continue;
    for (const name of activationsOf(node))
      if (name !== "" && !graph.initializers.has(name)) wanted.add(name);
  }
  return wanted;
}

/** Relu and Clip that are the only ones to read the result of a computation on codes, by that computation. */
function mergedClamps(
  graph: Graph,
  active: readonly NodeProto[],
  roles: ReadonlyMap<NodeProto, Role | "layer">,
  wanted: ReadonlySet<string>,
): Map<NodeProto, NodeProto> {
  const clamps = new Map<NodeProto, NodeProto>();
  for (const node of active) {
    if (roles.get(node) !== "clamp") continue;
    const producer = graph.producer(node.input[0] ?? "");
    if (producer === undefined || !wanted.has(node.output[0] ?? "")) continue;
    if (isClampOf(graph, producer, node, roles)) clamps.set(producer, node);
  }
  return clamps;
}

/** Whether a node is a Relu or Clip, and the only one to read what a computation makes. */
function isClampOf(
  graph: Graph,
  producer: NodeProto,
  node: NodeProto | undefined,
  roles: ReadonlyMap<NodeProto, Role | "layer">,
): boolean {
  const role = roles.get(producer);
  const [made = ""] = producer.output;
  if (node === undefined || roles.get(node) !== "clamp" || (role !== "layer" && role !== "arithmetic"))
    return false;
  return graph.consumers(made).length === 1 && !graph.isOutput(made);
}

function findCodings(
  { graph, layers, calibration }: PlanOptions,
  steps: readonly Step[],
  wanted: ReadonlySet<string>,
): Map<string, Coding> {
  const sets = new Sets();
  const moved = new Set<string>();
  const formats = new Map<string, CodeFormat>();
  for (const { node, role } of steps) {
    if (role !== "mover" && role !== "clamp") continue;
    const [first = ""] = activationsOf(node);
    for (const name of activationsOf(node)) if (!graph.initializers.has(name)) sets.join(name, first);
    for (const name of node.output)
      if (name !== "") {
        sets.join(name, first);
        moved.add(name);
      }
  }
  const members = [...wanted].filter((name) => name !== "" && !graph.initializers.has(name));
  // What layers ask for comes first, then what the layer before computes with.
  for (const each of layers.values())
    for (const name of inputsOf(each)) prefer(formats, sets.of(name), each.format);
  inherit(graph, steps, layers, sets, formats);
  const ranges = new Map<string, Range>();
  const computed = new Set(members.filter((name) => !moved.has(name)).map((name) => sets.of(name)));
  for (const name of members) {
    const set = sets.of(name);
    const format = formats.get(set);
    if (format === undefined || (moved.has(name) && computed.has(set))) continue;
    const range = rangeOf(calibration, name, format);
    const known = ranges.get(set);
    ranges.set(set, known === undefined ? range : rangeUnion(known, range));
  }
  return new Map(
    members.flatMap((name) => {
      const format = formats.get(sets.of(name));
      const range = ranges.get(sets.of(name));
      return format === undefined || range === undefined ? [] : [[name, codingOf(format, range)] as const];
    }),
  );
}

/** The format with more codes, of the two that are asked for. */
function prefer(formats: Map<string, CodeFormat>, set: string, format: CodeFormat): void {
  const known = formats.get(set);
  if (known === undefined || levels(format) > levels(known)) formats.set(set, format);
}

function levels({ dtype }: CodeFormat): number {
  return Number(dtype.match(/\d+/)?.[0] ?? 0);
}

/** Results that no layer asks for have the format of what they are computed from. */
function inherit(
  graph: Graph,
  steps: readonly Step[],
  layers: ReadonlyMap<NodeProto, StaticLayer>,
  sets: Sets,
  formats: Map<string, CodeFormat>,
): void {
  for (const { node, clamp } of steps) {
    const from = activationsOf(node).find((name) => !graph.initializers.has(name)) ?? "";
    const format = layers.get(node)?.format ?? formats.get(sets.of(from));
    if (format === undefined) continue;
    for (const name of (clamp ?? node).output) {
      const set = sets.of(name);
      if (!formats.has(set)) formats.set(set, format);
    }
  }
}

/** @throws QuantizeError without calibration */
export function rangeOf(
  calibration: Calibration | undefined,
  name: string,
  { dtype, symmetric, method }: CodeFormat,
): Range {
  if (calibration === undefined)
    throw new QuantizeError(
      `static activations need the ranges of values such as ${JSON.stringify(name)}; pass \`calibration\``,
    );
  return calibration.value(name).range(method, { dtype, symmetric });
}
