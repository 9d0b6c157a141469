/** Finds the node that a runner computes differently: each group of nodes is tried by itself, on the same inputs. */
import type { HostTensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import type { Feeds, Results } from "@bitbudget/runtime";
import { openInputs, partOf } from "../part.ts";
import { beyond, differenceOf, type Tolerance } from "./difference.ts";
import { VerificationError } from "./errors.ts";
import { loadFault, runFault } from "./failures.ts";
import { describe, mainNode, type NodeGroup, nodeGroups, singles } from "./groups.ts";
import type { Runner, Suspect } from "./runner.ts";

/** Groups whose values are in memory at a time. */
const GROUPS = 16;

/**
 * The first group of nodes, in topological order, that a runner computes differently from `ours`, given the inputs that
 * it has in `ours`; within it the first node that differs by itself, else the one that the group is about. So neither
 * fusion nor an error that was made before can hide or move it.
 * @returns undefined where every group by itself is within the tolerance
 */
export async function findFault(
  model: ModelProto,
  ours: Runner,
  suspect: Suspect,
  feeds: Feeds,
  tolerance: Tolerance,
): Promise<VerificationError | undefined> {
  const graph = Graph.of(model);
  const groups = nodeGroups(graph);
  for (let start = 0; start < groups.length; start += GROUPS) {
    const some = groups.slice(start, start + GROUPS);
    const values = await valuesAround(graph, some, ours, feeds);
    for (const group of some) {
      const found = await tryGroup(model, graph, group, values, suspect, tolerance);
      if (found === undefined) continue;
      if (group.nodes.length === 1 || found.fault.kind !== "values") return found;
      return (await narrow(model, graph, group, ours, feeds, suspect, tolerance)) ?? found;
    }
  }
  return undefined;
}

async function narrow(
  model: ModelProto,
  graph: Graph,
  group: NodeGroup,
  ours: Runner,
  feeds: Feeds,
  suspect: Suspect,
  tolerance: Tolerance,
): Promise<VerificationError | undefined> {
  const nodes = singles(graph, group);
  const values = await valuesAround(graph, nodes, ours, feeds);
  for (const node of nodes) {
    const found = await tryGroup(model, graph, node, values, suspect, tolerance);
    if (found?.fault.kind === "values") return found;
  }
  return undefined;
}

/** Inputs and outputs of groups, as `ours` has them. */
async function valuesAround(
  graph: Graph,
  groups: readonly NodeGroup[],
  ours: Runner,
  feeds: Feeds,
): Promise<Results> {
  const names = new Set(groups.flatMap(({ nodes, outputs }) => [...openInputs(graph, nodes), ...outputs]));
  const capture = [...names].filter((name) => !Object.hasOwn(feeds, name));
  return { ...(await ours.run(feeds, capture)), ...feeds };
}

async function tryGroup(
  model: ModelProto,
  graph: Graph,
  group: NodeGroup,
  values: Results,
  suspect: Suspect,
  tolerance: Tolerance,
): Promise<VerificationError | undefined> {
  const names = openInputs(graph, group.nodes);
  const inputs = names.flatMap((name): [string, HostTensor][] => {
    const value = values[name];
    return value === undefined ? [] : [[name, value]];
  });
  // A sequence, or nothing: not for this way of looking.
  if (inputs.length < names.length) return undefined;
  const feeds = Object.fromEntries(inputs);
  const part = partOf(model, graph, group.nodes, feeds, group.outputs);
  const main = describe(mainNode(group));
  const common = { runner: suspect.name, node: main, group: group.nodes.map((node) => describe(node).name) };
  let runner: Runner;
  try {
    runner = await suspect.open(part);
  } catch (cause) {
    return loadFault(part, suspect, cause, main);
  }
  try {
    const results = await runner.run(feeds);
    for (const name of group.outputs) {
      const right = values[name];
      const what = right && beyond(results[name], right, tolerance);
      if (right === undefined || what === undefined) continue;
      const given = results[name];
      const difference = given?.shape.join() === right.shape.join() ? differenceOf(given, right) : undefined;
      return new VerificationError(
        { kind: "values", ...common, difference },
        advice(name, what, common.group),
      );
    }
    return undefined;
  } catch (cause) {
    return runFault(part, suspect.name, cause, common);
  } finally {
    await runner.dispose();
  }
}

function advice(value: string, what: string, group: readonly string[]): string {
  const fused = group.length > 1 ? ` (computed as one with ${group.join(", ")})` : "";
  return `on the same inputs ${JSON.stringify(value)} ${what}${fused}; give this layer another encoding for this target, or leave it float`;
}
