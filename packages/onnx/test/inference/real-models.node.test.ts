/** Real models: what is inferred against the types that their exporters and quantizers wrote into them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  annotateTypes,
  findProblems,
  type GraphProto,
  inferShapes,
  parseModel,
  type ValueInfoProto,
  type ValueType,
  writeModel,
} from "../../src/index.ts";
import { declaredValue, valueType } from "../../src/inference/types.ts";
import { haveShared, sharedFolder, sharedModels } from "../support/shared.ts";

const models = haveShared("inference on real models") ? sharedModels() : [];

/** What a graph declares of the values its nodes make, taken out of it. Quantizers leave some of values that are gone. */
function takeDeclared(graph: GraphProto): ValueInfoProto[] {
  const made = new Set(graph.node.flatMap((node) => node.output));
  const declared = [...graph.valueInfo, ...graph.output.map((output) => ({ ...output }))];
  graph.valueInfo = [];
  for (const output of graph.output) delete output.type;
  return declared.filter(({ name }) => made.has(name));
}

/** Whether an inferred size is what a file says: the same number or symbol, or more than it says. */
function agrees(inferred: ValueType | undefined, declared: ValueType): boolean {
  if (inferred?.kind !== "tensor" || declared.kind !== "tensor") return inferred?.kind === declared.kind;
  if (inferred.dtype !== declared.dtype) return false;
  if (declared.shape === undefined || inferred.shape === undefined) return declared.shape === undefined;
  if (inferred.shape.length !== declared.shape.length) return false;
  return inferred.shape.every((size, axis) => {
    const says = declared.shape?.[axis];
    return size === says || typeof says !== "number";
  });
}

describe.runIf(models.length > 0)("real models", () => {
  test.each(models)("%s", (path) => {
    const model = parseModel(readFileSync(path));
    const declared = takeDeclared(model.graph!);
    const inference = inferShapes(model);
    expect(inference.unknown).toEqual([]);
    // The outputs of this one have branches of different rank; see below.
    if (path.includes("silero")) return;
    const wrong = declared.filter(
      ({ name, type }) => !agrees(inference.types.get(name), valueType(declaredValue(type))),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
    const open = [...inference.types].filter(
      ([, type]) => type.kind !== "tensor" || type.shape === undefined,
    );
    expect(open.map(([name]) => name)).toEqual([]);
    annotateTypes(inference);
    const again = parseModel(writeModel(model));
    expect(findProblems(again)).toEqual([]);
    expect(inferShapes(again).conflicts).toEqual([]);
  });

  test("a size given to an input reaches every branch that is taken", () => {
    const model = parseModel(readFileSync(`${sharedFolder}models/silero_vad_16k_op15.onnx`));
    takeDeclared(model.graph!);
    const { types } = inferShapes(model, { inputs: { input: [3, 576], state: [2, 3, 128] } });
    expect(types.get("output")).toMatchObject({ dtype: "float32", shape: [3, 1] });
    expect(types.get("stateN")).toMatchObject({ dtype: "float32", shape: [2, 3, 128] });
  });
});
