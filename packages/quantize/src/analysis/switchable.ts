/**
 * A float model in which each layer can be switched to its quantized self, run by run: weights are inputs, and
 * activations go through QuantizeLinear and DequantizeLinear where a flag says so. So one plan serves every mixture of layers.
 */
import type { Backend } from "@bitbudget/backend";
import { dequantize, dtypes, type HostTensor, type Quantized, tensor } from "@bitbudget/core";
import {
  copyModel,
  Graph,
  type ModelProto,
  makeValueInfo,
  type NodeProto,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession, type Feeds, type Results, type Session } from "@bitbudget/runtime";
import type { Calibration } from "../calibration/statistics.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import type { Assignment, LayerScheme } from "../scheme.ts";
import { type ActivationRounding, probe, roundingOf, switchActivation } from "./activations.ts";

export interface SwitchedWeight {
  /** Of the initializer in the float model. */
  readonly name: string;
  /** Name of the input or initializer in its place. */
  readonly input: string;
  readonly float: HostTensor<"float32">;
  readonly quantized: HostTensor<"float32">;
  readonly codes: Quantized;
}

export interface SwitchedActivation {
  /** Of the value in the float model. */
  readonly name: string;
  /** Name of the value that the layer reads. */
  readonly value: string;
  readonly rounding: ActivationRounding;
}

export interface SwitchedLayer {
  readonly layer: Layer;
  readonly scheme: LayerScheme;
  readonly weights: readonly SwitchedWeight[];
  readonly activations: readonly SwitchedActivation[];
  /** Name of the input that switches its activations; undefined where they stay float. */
  readonly flag: string | undefined;
  /** The layer with what is before it, in the switchable model. */
  readonly nodes: readonly NodeProto[];
}

export interface SwitchOptions {
  readonly assignment: Assignment;
  /** Codes of a weight of a layer. */
  readonly codes: (layer: Layer, weight: LayerWeight, values: HostTensor<"float32">) => Quantized;
  readonly calibration?: Calibration | undefined;
  /** "switch": weights are inputs, activations have flags. "differentiate": weights are constants of their own, activations values of their own. */
  readonly purpose: "switch" | "differentiate";
}

export interface SwitchableModel {
  readonly model: ModelProto;
  readonly graph: Graph;
  readonly layers: readonly SwitchedLayer[];
  /** Layers of the assignment that cannot be switched: those inside of an If, Loop or Scan. */
  readonly skipped: readonly string[];
}

/**
 * Tensors that are no weights of these layers are shared with the given model, which stays as it is. A weight of several
 * layers becomes one for each.
 * @throws AssignmentError for activations with a range to be known and no calibration
 */
export function switchableModel(given: ModelProto, options: SwitchOptions): SwitchableModel {
  const model = copyModel(given);
  const graph = Graph.of(model);
  const layers: SwitchedLayer[] = [];
  const skipped: string[] = [];
  for (const layer of layersOf(graph)) {
    const scheme = options.assignment[layer.name];
    if (scheme === undefined || (scheme.weight === undefined && scheme.activation === undefined)) continue;
    if (layer.graph !== graph || !layer.weights.every(({ name }) => isFloat32(graph, name)))
      skipped.push(layer.name);
    else layers.push(switched(graph, layer, scheme, options));
  }
  graph.sort();
  return { model, graph, layers, skipped };
}

function switched(graph: Graph, layer: Layer, scheme: LayerScheme, options: SwitchOptions): SwitchedLayer {
  const weights =
    scheme.weight === undefined
      ? []
      : layer.weights.map((weight) => switchWeight(graph, layer, weight, options));
  const { activation } = scheme;
  // A Gather reads indices.
  if (activation === undefined || layer.opType === "Gather")
    return { layer, scheme, weights, activations: [], flag: undefined, nodes: [layer.node] };
  const { purpose, calibration } = options;
  const flag = purpose === "switch" ? graph.uniqueName(`${layer.name}:activation`) : undefined;
  if (flag !== undefined) graph.proto.input.push(makeValueInfo(flag, "bool", []));
  const nodes: NodeProto[] = [];
  const activations = (layer.weights.length === 0 ? [0, 1] : [0]).map((slot) => {
    const name = layer.node.input[slot] ?? "";
    const rounding = roundingOf(layer.name, name, activation, calibration);
    const [value, added] =
      flag === undefined ? probe(graph, name) : switchActivation(graph, name, flag, rounding);
    for (const node of added) graph.insert(node);
    nodes.push(...added);
    graph.setInput(layer.node, slot, value);
    return { name, value, rounding };
  });
  return { layer, scheme, weights, activations, flag, nodes: [...nodes, layer.node] };
}

function switchWeight(
  graph: Graph,
  layer: Layer,
  weight: LayerWeight,
  { codes: codesOf, purpose }: SwitchOptions,
): SwitchedWeight {
  const { name, slot, shape } = weight;
  const float = tensorValue(graph.initializers.get(name)!) as HostTensor<"float32">;
  const codes = codesOf(layer, weight, float);
  const input = graph.uniqueName(`${layer.name}:${name}`);
  graph.setInput(layer.node, slot, input);
  if (purpose === "switch") graph.proto.input.push(makeValueInfo(input, "float32", shape));
  else graph.initializers.set(toTensorProto(float, input));
  if (graph.consumers(name).length === 0 && !graph.isOutput(name)) graph.initializers.delete(name);
  return { name, input, float, quantized: tensor("float32", shape, dequantize(codes)), codes };
}

function isFloat32(graph: Graph, name: string): boolean {
  return graph.initializers.get(name)?.dataType === dtypes.float32.onnx;
}

/** A switchable model in a session. */
export class Switchable implements AsyncDisposable {
  readonly parts: SwitchableModel;
  readonly #session: Session;

  private constructor(parts: SwitchableModel, session: Session) {
    this.parts = parts;
    this.#session = session;
  }

  static async open(parts: SwitchableModel, backend: Backend): Promise<Switchable> {
    // One plan for the outputs, one for what is captured at the time.
    return new Switchable(parts, await createSession(parts.model, { backend, maxPlans: 2 }));
  }

  get outputs(): readonly string[] {
    return this.#session.outputs.map(({ name }) => name);
  }

  /** @param on names of the layers that are quantized */
  run(feeds: Feeds, on: ReadonlySet<string>, capture: readonly string[] = []): Promise<Results> {
    const switches = this.parts.layers.map((each) => switchesOf(each, on.has(each.layer.name)));
    return this.#session.run(Object.assign({}, feeds, ...switches), { capture });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session.dispose();
  }
}

/** What to feed for a layer. */
export function switchesOf({ weights, flag }: SwitchedLayer, on: boolean): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  for (const { input, float, quantized } of weights) feeds[input] = on ? quantized : float;
  if (flag !== undefined) feeds[flag] = tensor("bool", [], new Uint8Array([Number(on)]));
  return feeds;
}
