/** Elementwise functions, reductions, normalizations and pools are within their tolerance of onnxruntime's results. */
import {
  definitionOf,
  type KernelSpec,
  type OpName,
  type ReduceFunction,
  type UnaryFunction,
  type Weights,
} from "@bitbudget/backend";
import { elementCount, type HostTensor, normalizeAxis, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { expectClose } from "./compare.ts";
import { type GoldenCase, goldenCases } from "./golden.ts";
import { run } from "./run.ts";
import { transpose } from "./tensors.ts";

/** A test for each case of an operator; `check` gets the case. */
function each(op: string, check: (golden: GoldenCase) => Promise<void>): void {
  const cases = goldenCases("float", op);
  describe(op, () => {
    test("has cases", () => expect(cases.length).toBeGreaterThan(0));
    test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => check(golden));
  });
}

/** Runs a spec and compares. Sums are measured against the same sums of absolute values. */
async function expectResult<O extends OpName>(
  spec: KernelSpec<O>,
  inputs: readonly HostTensor[],
  expected: HostTensor,
  weights?: Weights<O>,
): Promise<void> {
  const [y] = await run(spec, inputs, weights);
  const tolerance = definitionOf(spec).tolerance(spec);
  const absolute = () => inputs.map((x) => tensor(x.dtype, x.shape, valuesOf(x).map(Math.abs)));
  const [magnitudes] = tolerance.of === "magnitude" ? await run(spec, absolute(), weights) : [];
  expectClose(y, expected, tolerance, magnitudes && valuesOf(magnitudes));
}

function unary(op: string, of: (golden: GoldenCase) => UnaryFunction, input: string, output: string): void {
  each(op, (golden) => {
    const x = golden.input(input);
    const spec: KernelSpec<"unary"> = { op: "unary", inputs: [x], attributes: { function: of(golden) } };
    return expectResult(spec, [x], golden.output(output));
  });
}

unary("Erf", () => ({ fn: "erf" }), "input", "output");
unary("HardSwish", () => ({ fn: "hardSwish" }), "X", "Y");
unary("Round", () => ({ fn: "round" }), "X", "Y");
unary(
  "Gelu",
  (golden) => ({ fn: "gelu", approximate: golden.text("approximate", "none") as "none" | "tanh" }),
  "X",
  "Y",
);

each("Mod", (golden) => {
  const [a, b] = [golden.input("A"), golden.input("B")];
  const fn = golden.number("fmod", 0) === 1 ? "fmod" : "mod";
  return expectResult(
    { op: "binary", inputs: [a, b], attributes: { function: fn } },
    [a, b],
    golden.output("C"),
  );
});

each("Pow", (golden) => {
  const a = golden.input("X");
  // The contract has one format for both: a lowering casts the exponent.
  const exponent = golden.input("Y");
  const b = tensor(a.dtype, exponent.shape, valuesOf(exponent));
  return expectResult(
    { op: "binary", inputs: [a, b], attributes: { function: "pow" } },
    [a, b],
    golden.output("Z"),
  );
});

const reductions: readonly (readonly [string, ReduceFunction])[] = [
  ["ReduceMean", "mean"],
  ["ReduceSum", "sum"],
  ["ReduceMax", "max"],
  ["ReduceMin", "min"],
  ["ReduceL2", "l2"],
  ["ReduceLogSumExp", "logSumExp"],
];
for (const [op, fn] of reductions)
  each(op, (golden) => {
    const x = golden.input("data");
    const rank = x.shape.length;
    const given = golden.optional("axes");
    const all = golden.number("noop_with_empty_axes", 0) === 1 ? [] : x.shape.map((_, axis) => axis);
    const axes = given
      ? Array.from(valuesOf(given), (axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b)
      : all;
    const keepDims = golden.number("keepdims", 1) === 1;
    const attributes = { function: fn, axes, keepDims };
    return expectResult({ op: "reduce", inputs: [x], attributes }, [x], golden.output("reduced"));
  });

each("Softmax", (golden) => {
  const x = golden.input("input");
  const axis = normalizeAxis(golden.number("axis", -1), x.shape.length);
  return expectResult({ op: "softmax", inputs: [x], attributes: { axis } }, [x], golden.output("output"));
});

each("LayerNormalization", (golden) => {
  const x = golden.input("X");
  const axis = normalizeAxis(golden.number("axis", -1), x.shape.length);
  const bias = golden.optional("B");
  const spec: KernelSpec<"layerNorm"> = {
    op: "layerNorm",
    inputs: [x],
    attributes: { axis, epsilon: golden.number("epsilon", 1e-5), bias: bias !== undefined },
  };
  return expectResult(spec, [x], golden.output("Y"), { scale: golden.input("Scale"), ...(bias && { bias }) });
});

each("BatchNormalization", (golden) => {
  const x = golden.input("X");
  const spec: KernelSpec<"batchNorm"> = {
    op: "batchNorm",
    inputs: [x],
    attributes: { epsilon: golden.number("epsilon", 1e-5), layout: "nchw" },
  };
  return expectResult(spec, [x], golden.output("Y"), {
    scale: golden.input("scale"),
    bias: golden.input("B"),
    mean: golden.input("input_mean"),
    variance: golden.input("input_var"),
  });
});

/** Images of one dimension are images of height 1. */
function asImage({ dtype, shape, data }: HostTensor): HostTensor {
  return {
    dtype,
    shape: shape.length === 4 ? shape : [shape[0]!, shape[1]!, 1, elementCount(shape.slice(2))],
    data,
  };
}

function pair(list: readonly number[]): readonly [number, number] {
  const [a = 1, b] = list;
  return b === undefined ? [1, a] : [a, b];
}

function pads(golden: GoldenCase, x: HostTensor, y: HostTensor): readonly [number, number, number, number] {
  const kernel = pair(golden.list("kernel_shape") ?? []);
  const strides = pair(golden.list("strides") ?? [1, 1]);
  if (golden.text("auto_pad", "NOTSET") === "SAME_UPPER") {
    const missing = kernel.map((k, i) => (y.shape[i + 2]! - 1) * strides[i]! + k - x.shape[i + 2]!);
    const [height = 0, width = 0] = missing;
    return [height >> 1, width >> 1, height - (height >> 1), width - (width >> 1)];
  }
  const [top = 0, left = 0, bottom, right] = golden.list("pads") ?? [0, 0, 0, 0];
  return bottom === undefined || right === undefined ? [0, top, 0, left] : [top, left, bottom, right];
}

for (const [op, kind] of [
  ["MaxPool", "max"],
  ["AveragePool", "average"],
  ["GlobalAveragePool", "average"],
] as const)
  each(op, async (golden) => {
    const x = asImage(golden.input("X"));
    const y = asImage(golden.output("Y"));
    const spec: KernelSpec<"pool2d"> = {
      op: "pool2d",
      inputs: [x],
      attributes: {
        kind,
        layout: "nchw",
        kernel: pair(golden.list("kernel_shape") ?? x.shape.slice(2)),
        strides: pair(golden.list("strides") ?? [1, 1]),
        dilations: pair(golden.list("dilations") ?? [1, 1]),
        pads: pads(golden, x, y),
        ceil: golden.number("ceil_mode", 0) === 1,
        countIncludePad: golden.number("count_include_pad", 0) === 1,
      },
    };
    await expectResult(spec, [x], y);
    const [lastX, lastY] = [transpose(x, [0, 2, 3, 1]), transpose(y, [0, 2, 3, 1])];
    const last: KernelSpec<"pool2d"> = {
      ...spec,
      inputs: [lastX],
      attributes: { ...spec.attributes, layout: "nhwc" },
    };
    await expectResult(last, [lastX], lastY);
  });
