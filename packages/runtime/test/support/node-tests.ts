/** ONNX's own operator tests: a model, inputs and expected outputs in a folder each. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import {
  canonicalDomain,
  elementType,
  Graph,
  type GraphProto,
  type ModelProto,
  parseModel,
  parseTensor,
  subgraphsOf,
  tensorValue,
  type ValueInfoProto,
} from "@bitbudget/onnx";
import { createSession } from "../../src/index.ts";
import { outOfScope } from "../../src/scope.ts";
import { firstDifference } from "./compare.ts";
import { haveShared, shared } from "./shared.ts";

const ARCHIVE = "onnx-node-tests.tar.xz";
const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

export interface NodeTest {
  readonly name: string;
  readonly folder: string;
}

/** Where the tests are; undefined, with the reason printed, where the shared folder is not there. */
export function findNodeTests(): NodeTest[] | undefined {
  if (!haveShared(ARCHIVE, "ONNX's operator tests")) return undefined;
  const root = join(unpacked(), "onnx-node-tests");
  return readdirSync(root)
    .sort()
    .map((name) => ({ name, folder: join(root, name) }));
}

/** The folder of the unpacked archive, made by the first run that needs it. */
function unpacked(): string {
  const { size, mtimeMs } = statSync(shared(ARCHIVE));
  const folder = `${cache}onnx-node-tests-${size}-${Math.floor(mtimeMs)}`;
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, "unpacking-"));
  execFileSync("tar", ["-xJf", shared(ARCHIVE), "-C", temporary]);
  try {
    renameSync(temporary, folder);
  } catch (error) {
    // Another process may have been faster.
    rmSync(temporary, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "out of scope"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export function modelOfNodeTest({ folder }: NodeTest): ModelProto {
  return parseModel(readFileSync(join(folder, "model.onnx")));
}

/** @param model in the place of the test's own */
export async function runNodeTest(
  test: NodeTest,
  backend: Backend,
  model = modelOfNodeTest(test),
): Promise<Outcome> {
  const { folder } = test;
  try {
    const reason = scopeOf(model);
    if (reason !== undefined) return { kind: "out of scope", reason };
    await using session = await createSession(model, { backend });
    let compared = 0;
    for (const set of readdirSync(folder).filter((name) => name.startsWith("test_data_set_"))) {
      const { inputs, outputs } = Graph.of(model);
      const results = await session.run(readTensors(join(folder, set), "input", inputs));
      for (const [name, expected] of Object.entries(readTensors(join(folder, set), "output", outputs))) {
        compared++;
        const difference = firstDifference(results[name], expected);
        if (difference !== undefined) return { kind: "failed", reason: `${name}: ${difference}` };
      }
    }
    return compared > 0 ? { kind: "passed" } : { kind: "failed", reason: "has nothing to compare with" };
  } catch (error) {
    return { kind: "failed", reason: String(error instanceof Error ? error.message : error) };
  }
}

function readTensors(
  folder: string,
  role: string,
  infos: readonly ValueInfoProto[],
): Record<string, HostTensor> {
  const entries = infos.flatMap(({ name }, i) => {
    const file = join(folder, `${role}_${i}.pb`);
    return existsSync(file) ? [[name, tensorValue(parseTensor(readFileSync(file)))] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Why a test is out of scope: an operator by name, or inputs and outputs that are not tensors of numbers. */
function scopeOf(model: ModelProto): string | undefined {
  const graph = Graph.of(model);
  for (const { type } of [...graph.inputs, ...graph.outputs]) {
    const kind = type?.value.case;
    if (kind === "sequenceType" || kind === "optionalType")
      return kind === "sequenceType" ? "sequences" : "optionals";
    if (kind !== "tensorType") continue;
    const dtype = elementType(type?.value.case === "tensorType" ? type.value.value.elemType : 0);
    if (dtype === "string") return "strings";
  }
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  const visit = (proto: GraphProto): string | undefined => {
    for (const node of proto.node) {
      if (functions.has(`${node.domain}:${node.opType}`)) continue;
      const reason = outOfScope(canonicalDomain(node.domain), node.opType);
      if (reason !== undefined) return reason;
      for (const inner of subgraphsOf(node)) {
        const found = visit(inner);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return visit(graph.proto);
}

interface Named {
  readonly name: string;
  readonly reason: string;
}

/** Tests by name, in the order of their names. */
export interface NodeTestResults {
  readonly passed: readonly string[];
  readonly failed: readonly Named[];
  readonly outOfScope: readonly Named[];
}

/** Runs tests one after the other. */
export async function runNodeTests(tests: readonly NodeTest[], backend: Backend): Promise<NodeTestResults> {
  const results = { passed: [] as string[], failed: [] as Named[], outOfScope: [] as Named[] };
  for (const test of tests) {
    const { name } = test;
    const outcome = await runNodeTest(test, backend);
    if (outcome.kind === "passed") results.passed.push(name);
    else if (outcome.kind === "failed") results.failed.push({ name, reason: outcome.reason });
    else results.outOfScope.push({ name, reason: outcome.reason });
  }
  return results;
}
