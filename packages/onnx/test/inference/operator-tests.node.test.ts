/**
 * ONNX's own operator tests: what is inferred of their outputs against the outputs that come with them, which the
 * reference implementation computed. Inputs are made constants, so that sizes that depend on them are known.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { valuesOf } from "@bitbudget/core";
import { afterAll, describe, expect, test } from "vitest";
import {
  elementType,
  inferShapes,
  isFieldSet,
  type ModelProto,
  parseModel,
  parseTensor,
  type TensorProto,
  TensorProtoSchema,
  tensorValue,
  type ValueType,
} from "../../src/index.ts";
import { haveShared, sharedFolder } from "../support/shared.ts";

/** Elements of inputs that are made constants; more are data, not sizes. */
const SMALL = 256;

/** Operators whose output sizes depend on data in ways that inference does not follow. */
const dataDependent = new Set([
  ...["ImageDecoder", "NonMaxSuppression", "NonZero", "Unique", "StringSplit", "StringNormalizer", "Loop"],
]);

const archive = `${sharedFolder}onnx-node-tests.tar.xz`;
const have = haveShared("operator tests") && existsSync(archive);
const folder = have ? mkdtempSync(join(tmpdir(), "bitbudget-operator-tests-")) : "";
if (have) execFileSync("tar", ["xJf", archive, "-C", folder]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Found {
  readonly test: string;
  readonly ops: readonly string[];
  readonly output: string;
  readonly type: ValueType | undefined;
  readonly expected: TensorProto;
}

function tensorAt(path: string): TensorProto | undefined {
  if (!existsSync(path)) return undefined;
  const tensor = parseTensor(readFileSync(path));
  // Sequences and optionals are other messages, of which no field is a data type.
  return isFieldSet(tensor, TensorProtoSchema.field.dataType) ? tensor : undefined;
}

/** Takes away what the file says of its outputs, and makes small inputs constants. */
function bare(model: ModelProto, data: string): void {
  const graph = model.graph!;
  for (const output of graph.output) delete output.type;
  graph.valueInfo = [];
  graph.input = graph.input.filter((input, i) => {
    if (input.type?.value.case !== "tensorType") return true;
    const tensor = tensorAt(join(data, `input_${i}.pb`));
    if (tensor === undefined || tensor.dims.reduce((a, b) => a * b, 1n) > SMALL) return true;
    tensor.name = input.name;
    graph.initializer.push(tensor);
    return false;
  });
}

function* outcomes(): Generator<Found> {
  const tests = join(folder, "onnx-node-tests");
  for (const name of readdirSync(tests)) {
    const data = join(tests, name, "test_data_set_0");
    const model = parseModel(readFileSync(join(tests, name, "model.onnx")));
    const isTensor = model.graph!.output.map((output) => output.type?.value.case === "tensorType");
    bare(model, data);
    const { types, unknown } = inferShapes(model);
    // Without a rule there is nothing to compare: these are ai.onnx.ml and training.
    if (unknown.length > 0) continue;
    for (const [i, { name: output }] of model.graph!.output.entries()) {
      const expected = isTensor[i] ? tensorAt(join(data, `output_${i}.pb`)) : undefined;
      const ops = model.graph!.node.map((node) => node.opType);
      if (expected !== undefined) yield { test: name, ops, output, type: types.get(output), expected };
    }
  }
}

describe.runIf(have)("ONNX's operator tests", () => {
  const found = have ? [...outcomes()] : [];

  test("cover what they should", () => {
    expect(new Set(found.map((one) => one.test)).size).toBeGreaterThan(1100);
  });

  test("have the inferred types, and shapes as far as they are inferred", () => {
    const wrong = found.filter(({ type, expected }) => {
      if (type?.kind !== "tensor" || type.dtype !== elementType(expected.dataType)) return true;
      const dims = expected.dims.map(Number);
      return (
        type.shape?.length !== dims.length ||
        type.shape.some((size, axis) => typeof size === "number" && size !== dims[axis])
      );
    });
    expect(wrong.map(({ test: name, output }) => `${name} ${output}`)).toEqual([]);
  });

  test("have all their sizes inferred, where these do not depend on data", () => {
    const open = found.filter(
      ({ type, ops }) =>
        !ops.some((op) => dataDependent.has(op)) &&
        !(type?.kind === "tensor" && type.shape?.every((size) => typeof size === "number")),
    );
    expect(open.map(({ test: name, output }) => `${name} ${output}`)).toEqual([]);
  });

  test("have the inferred contents", () => {
    let compared = 0;
    const wrong = found.filter(({ type, expected }) => {
      if (type?.kind !== "tensor" || type.data === undefined || elementType(expected.dataType) === "string")
        return false;
      const values = Array.from(valuesOf(tensorValue(expected)), Number);
      compared++;
      return type.data.some((element, i) => {
        if (typeof element !== "number" || Object.is(element, values[i])) return false;
        return !(Math.abs(element - values[i]!) <= 2 ** -20 * Math.abs(element));
      });
    });
    expect(wrong.map(({ test: name, output }) => `${name} ${output}`)).toEqual([]);
    expect(compared).toBeGreaterThan(150);
  });
});
