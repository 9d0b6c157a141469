/** Layers with static activations: what is coded where, then the nodes. */
import type { Quantized } from "@bitbudget/core";
import type { Graph, NodeProto } from "@bitbudget/onnx";
import type { Calibration } from "../../calibration/statistics.ts";
import type { Layer } from "../../layers.ts";
import type { ActivationScheme } from "../../scheme.ts";
import { release } from "../release.ts";
import type { EncodingRow } from "../targets/encodings.ts";
import type { Target } from "../targets/target.ts";
import type { Writer } from "../writer.ts";
import { type Coding, codingOf, formatOf } from "./coding.ts";
import { CodeWriter, type LayerInput } from "./emit.ts";
import { staticWeights } from "./layer.ts";
import { inputsOf, planCodes, rangeOf, type StaticLayer } from "./plan.ts";

export interface StaticJob {
  readonly layer: Layer;
  readonly activation: ActivationScheme;
  readonly row: EncodingRow;
}

export interface StaticOptions {
  readonly graph: Graph;
  readonly writer: Writer;
  readonly target: Target;
  readonly calibration: Calibration | undefined;
  readonly explicit: boolean;
  /** Codes of a layer's weight, and the name of what they come from; called once for each. */
  readonly weight: (layer: Layer) => Promise<readonly [name: string, Quantized]>;
}

export async function writeStatic(jobs: readonly StaticJob[], options: StaticOptions): Promise<void> {
  const { graph, writer, target, calibration, explicit } = options;
  const layers = new Map<NodeProto, StaticLayer>(
    jobs.map(({ layer, activation }) => [layer.node, { layer, format: formatOf(activation) }]),
  );
  // Codes that nothing computes with are made before a layer and nowhere else.
  const native = new Set(jobs.filter(({ row }) => row.how === "native").map(({ layer }) => layer.node));
  const integer = new Map([...layers].filter(([node]) => native.has(node)));
  const plan = planCodes({ graph, target, layers: integer, calibration, explicit });
  const own = new Map<string, Coding>();
  const inputs = new Map(
    [...layers].map(
      ([node, each]) =>
        [
          node,
          inputsOf(each).map((value): LayerInput => ({ value, coding: coded(value, each, node) })),
        ] as const,
    ),
  );
  for (const { layer, row } of jobs) {
    const [first] = inputs.get(layer.node) ?? [];
    if (layer.weights.length === 0 || first === undefined) continue;
    const [name, codes] = await options.weight(layer);
    const { dtype } = codes.scheme;
    const storage = row.storage?.[dtype] ?? dtype;
    staticWeights(writer, { layer, name, codes, storage, input: first.coding, target, explicit });
    release(layer);
  }
  const writing = new CodeWriter(writer, plan);
  // Before their names are those of codes.
  for (const { layer } of jobs)
    if (!native.has(layer.node)) writing.read(layer.node, inputs.get(layer.node) ?? []);
  writing.write((node) => inputs.get(node) ?? []);

  /** The plan's codes, or codes of the layer's own where it asks for more or fewer. */
  function coded(value: string, { format }: StaticLayer, node: NodeProto): Coding {
    const planned = plan.codings.get(value);
    if (planned !== undefined && native.has(node) && bits(planned) === bits({ format })) return planned;
    const key = JSON.stringify([value, format]);
    const coding = own.get(key) ?? codingOf(format, rangeOf(calibration, value, format));
    own.set(key, coding);
    return coding;
  }
}

function bits({ format }: { readonly format: { readonly dtype: string } }): string | undefined {
  return format.dtype.match(/\d+/)?.[0];
}
