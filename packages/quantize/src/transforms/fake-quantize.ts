/**
 * A float model that computes what a quantized one would: rounded weights in the place of the float ones, and a pair of
 * QuantizeLinear and DequantizeLinear before each layer whose inputs are rounded (Jacob et al. 2018, section 3). All
 * values keep their names, so that they can be compared; how a target stores codes is another matter.
 */
import {
  affineScale,
  affineZeroPoint,
  dtypes,
  type HostTensor,
  type IntegerName,
  isDType,
  type Quantized,
  tensor,
} from "@bitbudget/core";
import { Graph, type ModelProto, makeNode, type NodeProto, toTensorProto } from "@bitbudget/onnx";
import type { Calibration } from "../calibration/statistics.ts";
import { AssignmentError } from "../errors.ts";
import { type Layer, layersOf } from "../layers.ts";
import { roundNearest } from "../rounding/nearest.ts";
import { withWeights } from "../rounding/sequential.ts";
import { type ActivationScheme, type Assignment, checkAssignment, coreScheme } from "../scheme.ts";
import { floatsOf } from "./absorb.ts";

export interface FakeQuantizeOptions {
  readonly assignment: Assignment;
  /** Of the inputs of layers whose activations have static scales. */
  readonly calibration?: Calibration;
  /** Rounded weights, by the names of their initializers. Default: all to the nearest code. */
  readonly weights?: ReadonlyMap<string, Quantized>;
}

/**
 * @throws AssignmentError for an assignment that does not fit the model, static activations without a calibration, and
 * dynamic ones other than uint8
 */
export function fakeQuantize(model: ModelProto, options: FakeQuantizeOptions): ModelProto {
  const { assignment, calibration } = options;
  checkAssignment(layersOf(Graph.of(model)), assignment);
  const copy = withWeights(model, options.weights ?? nearestWeights(model, assignment));
  const graph = Graph.of(copy);
  const made = new Map<string, string>();
  for (const layer of layersOf(graph)) {
    const scheme = assignment[layer.name]?.activation;
    if (scheme === undefined || layer.graph !== graph || layer.opType === "Gather") continue;
    for (const [slot, value] of layer.node.input.entries()) {
      // Both operands of a product of activations.
      const isRead = value === layer.input || (layer.weights.length === 0 && slot < 2);
      if (!isRead || graph.initializers.has(value)) continue;
      const key = JSON.stringify([value, scheme]);
      const rounded = made.get(key) ?? quantizer(graph, layer, value, scheme, calibration);
      made.set(key, rounded);
      graph.setInput(layer.node, slot, rounded);
    }
  }
  graph.sort();
  return copy;
}

/**
 * The weights of an assignment, all to the nearest code of their schemes, by the names of their initializers. Weights of
 * graphs inside of nodes stay float.
 * @throws AssignmentError for an assignment that does not fit the model
 */
export function nearestWeights(model: ModelProto, assignment: Assignment): Map<string, Quantized> {
  const graph = Graph.of(model);
  const layers = layersOf(graph);
  checkAssignment(layers, assignment);
  const rounded = new Map<string, Quantized>();
  for (const layer of layers) {
    const scheme = assignment[layer.name]?.weight;
    if (scheme === undefined || layer.graph !== graph) continue;
    const { bits, range } = scheme;
    for (const weight of layer.weights) {
      if (!graph.initializers.has(weight.name)) continue;
      const { data } = floatsOf(graph, weight.name);
      const core = coreScheme(layer, weight, scheme);
      rounded.set(weight.name, roundNearest(data, weight.shape, core, { bits, range }));
    }
  }
  return rounded;
}

/** Adds the nodes of one quantizer. @returns the name of the rounded value */
function quantizer(
  graph: Graph,
  layer: Layer,
  value: string,
  scheme: ActivationScheme,
  calibration: Calibration | undefined,
): string {
  const rounded = graph.uniqueName(`${value}_rounded`);
  const codes = graph.uniqueName(`${value}_codes`);
  const name = (what: string) => graph.uniqueName(`${value}_${what}`);
  const [scale, zero] = [name("scale"), name("zero_point")];
  const nodes: NodeProto[] = [];
  if (scheme.dynamic === true) {
    if (scheme.dtype !== "uint8" || scheme.symmetric === true)
      throw new AssignmentError(layer.name, "dynamic activations are uint8 with a zero point");
    nodes.push(makeNode("DynamicQuantizeLinear", [value], [codes, scale, zero], { name: name("quantize") }));
  } else {
    const [step, point] = staticParameters(layer, value, scheme, calibration);
    graph.initializers.set(toTensorProto(step, scale));
    graph.initializers.set(toTensorProto(point, zero));
    nodes.push(makeNode("QuantizeLinear", [value, scale, zero], [codes], { name: name("quantize") }));
  }
  nodes.push(makeNode("DequantizeLinear", [codes, scale, zero], [rounded], { name: name("dequantize") }));
  for (const node of nodes) graph.insert(node, { before: layer.node });
  return rounded;
}

function staticParameters(
  layer: Layer,
  value: string,
  { dtype, range = "min-max", symmetric }: ActivationScheme,
  calibration: Calibration | undefined,
): [HostTensor, HostTensor] {
  if (!isInteger(dtype))
    throw new AssignmentError(layer.name, `activations have integer codes, not ${dtype}`);
  if (calibration === undefined)
    throw new AssignmentError(layer.name, "static activations need a calibration; or make them dynamic");
  const isSymmetric = symmetric ?? dtypes[dtype].min < 0;
  const found = calibration.value(value).range(range, { dtype, symmetric: isSymmetric });
  const scale = Math.fround(affineScale(found, dtype, isSymmetric));
  return [
    tensor("float32", [], [scale]),
    tensor(dtype, [], [affineZeroPoint(found, scale, dtype, isSymmetric)]),
  ];
}

function isInteger(dtype: string): dtype is IntegerName {
  return isDType(dtype) && dtypes[dtype].kind === "integer";
}
