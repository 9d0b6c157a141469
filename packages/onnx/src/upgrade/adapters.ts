/**
 * Standard operators that say the same in another way, or something else, in a newer opset (onnx, docs/Changelog.md).
 * All other changes of opsets 8 to 21 only added formats, inputs and attributes that may be left out.
 */
import { tensor } from "@bitbudget/core";
import { findAttribute, getFloat, getInt, getString, setAttribute } from "../graph/attributes.ts";
import type { Adapter, NodeEdit } from "./adapter.ts";
import { downsamplesUnevenly, flattened, perChannel } from "./rewrites.ts";

/** An attribute of integers becomes an input. Left out it stays left out. */
function intsToInput(edit: NodeEdit, name: string, input: number): void {
  const attribute = findAttribute(edit.node, name);
  if (attribute === undefined) return;
  const { ints } = attribute;
  edit.graph.setInput(
    edit.node,
    input,
    edit.constant(name, { dtype: "int64", shape: [ints.length], data: BigInt64Array.from(ints) }),
  );
  setAttribute(edit.node, name, undefined);
}

/** An attribute becomes an input of one number, in the format of the first input. */
function floatToInput(edit: NodeEdit, name: string, input: number): void {
  const { node } = edit;
  if (findAttribute(node, name) === undefined) return;
  edit.graph.setInput(node, input, edit.constant(name, tensor(edit.dtype(0), [], [getFloat(node, name)])));
  setAttribute(node, name, undefined);
}

const axesToInput: Adapter = (edit) => intsToInput(edit, "axes", 1);

/** The mask had the format of the data; now it is of booleans. */
const booleanMask: Adapter = (edit) => {
  if (edit.uses(1)) edit.fail("something reads its mask, which has another format from opset 10 on");
  edit.node.output.length = 1;
};

const scatterElements: Adapter = ({ node }) => {
  node.opType = "ScatterElements";
};

const batchNormalizationPerChannel: Adapter = (edit) => {
  if (getInt(edit.node, "spatial", 1) === 0)
    edit.fail("it normalizes every activation by itself (spatial 0)");
  setAttribute(edit.node, "spatial", undefined);
};

/** Before, more than one output meant training. */
const batchNormalizationMode: Adapter = (edit) => {
  const { node } = edit;
  if (node.output.length === 1) return;
  if (edit.uses(3) || edit.uses(4)) edit.fail("something reads the statistics of its batch");
  node.output.length = Math.min(node.output.length, 3);
  setAttribute(node, "training_mode", 1n);
};

const clip: Adapter = (edit) => {
  floatToInput(edit, "min", 1);
  floatToInput(edit, "max", 2);
};

const dropoutRatio: Adapter = (edit) => {
  const { graph, node } = edit;
  graph.setInput(node, 1, edit.constant("ratio", tensor("float32", [], [getFloat(node, "ratio", 0.5)])));
  setAttribute(node, "ratio", undefined);
};

const pad: Adapter = (edit) => {
  intsToInput(edit, "pads", 1);
  floatToInput(edit, "value", 2);
};

/** Before, elements lay at the starts of their cells, and the nearest one was the one before. */
function explicitCoordinates({ graph, node }: NodeEdit): void {
  graph.setInput(node, 2, node.input[1] ?? "");
  graph.setInput(node, 1, "");
  setAttribute(node, "coordinate_transformation_mode", "asymmetric");
  if (getString(node, "mode", "nearest") === "nearest") setAttribute(node, "nearest_mode", "floor");
}

const resize: Adapter = (edit) => {
  if (getString(edit.node, "mode", "nearest") === "nearest" && downsamplesUnevenly(edit))
    edit.fail("it scales down to the nearest element, whose choice opset 10 leaves open");
  explicitCoordinates(edit);
};

/** Upsample, which Resize took the place of in opset 10, only makes larger. */
const upsample: Adapter = (edit) => {
  edit.node.opType = "Resize";
  explicitCoordinates(edit);
};

const resizeCoordinates: Adapter = (edit) => {
  if (getString(edit.node, "coordinate_transformation_mode", "half_pixel") === "tf_half_pixel_for_nn")
    edit.fail("its coordinates are tf_half_pixel_for_nn, which are gone; use half_pixel");
};

const slice: Adapter = (edit) => {
  intsToInput(edit, "starts", 1);
  intsToInput(edit, "ends", 2);
  intsToInput(edit, "axes", 3);
};

/** Without sizes the parts are equal, and their number is to be said. */
const splitCount: Adapter = ({ node }) => {
  if ((node.input[1] ?? "") === "") setAttribute(node, "num_outputs", BigInt(node.output.length));
};

const topK: Adapter = (edit) => {
  const { graph, node } = edit;
  graph.setInput(node, 1, edit.constant("k", tensor("int64", [1], [BigInt(getInt(node, "k"))])));
  setAttribute(node, "k", undefined);
};

const upsampleScales: Adapter = (edit) => {
  const { graph, node } = edit;
  const scales = findAttribute(node, "scales")?.floats ?? edit.fail("it has no scales");
  graph.setInput(node, 1, edit.constant("scales", tensor("float32", [scales.length], scales)));
  setAttribute(node, "scales", undefined);
};

const dftAxis: Adapter = (edit) => {
  const { graph, node } = edit;
  graph.setInput(node, 2, edit.constant("axis", tensor("int64", [], [BigInt(getInt(node, "axis", 1))])));
  setAttribute(node, "axis", undefined);
};

const gridSampleMode: Adapter = ({ node }) => {
  const mode = getString(node, "mode", "bilinear");
  setAttribute(node, "mode", mode === "nearest" ? mode : mode.replace(/^bi/, ""));
};

const roiAlignPixels: Adapter = ({ node }) =>
  setAttribute(node, "coordinate_transformation_mode", "output_half_pixel");

const scanOfBatches: Adapter = (edit) => edit.fail("its sequences have a batch axis");

/** By operator, the opsets that changed it. */
export const adapters: Readonly<Record<string, Readonly<Record<number, Adapter>>>> = {
  BatchNormalization: { 9: batchNormalizationPerChannel, 14: batchNormalizationMode },
  Clip: { 11: clip },
  DFT: { 20: dftAxis },
  Dropout: { 10: booleanMask, 12: dropoutRatio },
  GridSample: { 20: gridSampleMode },
  GroupNormalization: { 21: perChannel },
  Hardmax: { 13: flattened },
  LogSoftmax: { 13: flattened },
  Pad: { 11: pad },
  ...Object.fromEntries(
    ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"].map((name) => [
      `Reduce${name}`,
      { 18: axesToInput },
    ]),
  ),
  ReduceSum: { 13: axesToInput },
  Resize: { 11: resize, 13: resizeCoordinates },
  RoiAlign: { 16: roiAlignPixels },
  Scan: { 9: scanOfBatches },
  Scatter: { 11: scatterElements },
  Slice: { 10: slice },
  Softmax: { 13: flattened },
  Split: { 13: (edit) => intsToInput(edit, "split", 1), 18: splitCount },
  Squeeze: { 13: axesToInput },
  TopK: { 10: topK },
  Unsqueeze: { 13: axesToInput },
  Upsample: { 9: upsampleScales, 11: upsample },
};
