/** A wrong spec fails with a SpecError at the field that is wrong. */
import { describe, expect, test } from "vitest";
import { type AnySpec, definitionOf, opNames, SpecError } from "../src/index.ts";
import { altered, of, outputs, sound, spec } from "./specs.ts";

/** Each row: what is changed, to what, and the field that the error names (default: what was changed). */
const broken: { readonly [O in AnySpec["op"]]?: readonly (readonly [string, unknown, string?])[] } = {
  linear: [
    ["inputs", [], "inputs"],
    ["inputs.0.shape", [], "inputs[0].shape"],
    ["inputs.0.dtype", "int16", "attributes.weight.dtype"],
    ["attributes.channels", 0],
    ["attributes.channels", 1.5],
    ["attributes.weight.dtype", "int32"],
    ["attributes.weight.dtype", "int8", "attributes.weight.granularity"],
    ["attributes.weight.granularity", { kind: "channel" }],
    ["attributes.weight.zeroPoint", true],
    [
      "attributes.weight",
      { dtype: "int4", granularity: { kind: "block", size: 0 } },
      "attributes.weight.granularity.size",
    ],
    ["attributes.output", "uint8"],
    ["attributes.bias", "int32"],
    ["attributes.activation", { fn: "rellu" }, "attributes.activation.fn"],
    ["attributes.activation", { fn: "leakyRelu" }, "attributes.activation.alpha"],
    ["attributes.dynamic", { dtype: "int8", granularity: "row" }, "attributes.weight.dtype"],
    ["attributes.dynamic", { dtype: "uint8", granularity: "row" }],
    ["attributes.dynamic", { dtype: "int4", granularity: "row" }],
    [
      "attributes.weight",
      { dtype: "int4", granularity: { kind: "row" } },
      "attributes.weight.granularity.kind",
    ],
    ["attributes.bias", "float64"],
  ],
  conv2d: [
    ["inputs.0.shape", [1, 4, 8], "inputs[0].shape"],
    ["inputs.0.shape", [1, 5, 8, 8], "attributes.groups"],
    ["attributes.groups", 3],
    ["attributes.groups", 0],
    ["attributes.channels", 5, "attributes.groups"],
    ["attributes.layout", "chwn"],
    ["attributes.kernel", [3, 0]],
    ["attributes.kernel", [11, 3]],
    ["attributes.strides", [0, 1]],
    ["attributes.dilations", [1]],
    ["attributes.pads", [1, 1, 1]],
    ["attributes.pads", [1, 1, 1, -1]],
    ["attributes.weight.dtype", "float32"],
    ["attributes.weight.granularity", { kind: "block", size: 3 }, "attributes.bias"],
    ["attributes.output", "int16"],
    ["attributes.bias", "float32"],
    ["attributes.activation", { fn: "tanh" }, "attributes.activation"],
    ["attributes.dynamic", { dtype: "int8", granularity: "row" }, "inputs[0].dtype"],
  ],
  matmul: [
    ["inputs", [of("float32", 2, 3)], "inputs"],
    ["inputs.0.shape", [3], "inputs"],
    ["inputs.1.shape", [4, 4], "inputs"],
    ["inputs.1.shape", [2, 3, 4], "inputs"],
    ["inputs.1.dtype", "float16", "inputs[1].dtype"],
    ["inputs.0.dtype", "int8", "inputs[1].dtype"],
    ["inputs.0.dtype", "int4", "inputs[0].dtype"],
    ["inputs.0.dtype", "float8_e5m2", "inputs[0].dtype"],
    ["attributes.output", "float16"],
  ],
  quantize: [
    ["inputs.0.dtype", "int8", "inputs[0].dtype"],
    ["attributes.dtype", "int32"],
    ["attributes.dtype", "float8_e4m3fn", "attributes.zeroPoint"],
    ["attributes.granularity.axis", 2],
    ["attributes.granularity.axis", -3],
    ["attributes.granularity.axis", 0.5],
    ["attributes.granularity.size", 4],
    ["attributes.granularity.size", 0],
  ],
  dequantize: [
    ["inputs.0.dtype", "float32", "inputs[0].dtype"],
    ["inputs.0.dtype", "float4_e2m1", "attributes.zeroPoint"],
    ["attributes.output", "int8"],
    ["attributes.granularity.axis", 4],
  ],
  requantize: [
    ["inputs.0.dtype", "float32", "inputs[0].dtype"],
    ["attributes.dtype", "int4"],
    ["attributes.granularity", { kind: "block", axis: 0, size: 2 }],
  ],
  unary: [
    ["inputs", [of("float32", 1), of("float32", 1)], "inputs"],
    ["inputs.0.dtype", "int32", "inputs[0].dtype"],
    ["inputs.0.dtype", "float8_e5m2", "inputs[0].dtype"],
    ["inputs.0.dtype", "int4", "inputs[0].dtype"],
    ["attributes.function.fn", "toString", "attributes.function.fn"],
    ["attributes.function.alpha", Number.NaN],
    ["attributes.function", { fn: "not" }, "inputs[0].dtype"],
    ["attributes.function", { fn: "bitwiseNot" }, "inputs[0].dtype"],
    ["attributes.function", { fn: "gelu", approximate: "erf" }, "attributes.function.approximate"],
    ["attributes.function", { fn: "clip", min: Number.NaN }, "attributes.function"],
  ],
  binary: [
    ["inputs.1.dtype", "float64", "inputs[1].dtype"],
    ["inputs.1.shape", [2], "inputs"],
    ["attributes.function", "constructor"],
    ["attributes.function", "and", "inputs[0].dtype"],
    ["attributes.function", "shiftLeft", "inputs[0].dtype"],
  ],
  elementwise: [
    ["inputs", [], "inputs"],
    ["inputs", Array.from({ length: 7 }, () => of("float32", 3)), "inputs"],
    ["inputs.0.dtype", "int32", "inputs[0].dtype"],
    ["inputs.1.dtype", "float16", "inputs[1].dtype"],
    ["inputs.1.shape", [2], "inputs"],
    // Numbers are not dequantized, and codes are not computed with.
    ["inputs.0.dtype", "float32", "attributes.steps[0]"],
    ["inputs.1.dtype", "uint8", "attributes.steps[1]"],
    ["attributes.constants", -1],
    ["attributes.constants", 4, "attributes.steps[1]"],
    ["attributes.constants", 6, "attributes.steps"],
    ["attributes.steps", []],
    ["attributes.steps.0.kind", "gather", "attributes.steps[0].kind"],
    ["attributes.steps.0.of", 1, "attributes.steps[0]"],
    ["attributes.steps.0.scale", 0, "attributes.steps[0]"],
    ["attributes.steps.1.of", [8, 1], "attributes.steps[1]"],
    ["attributes.steps.1.of", [-1, 1], "attributes.steps[1]"],
    ["attributes.steps.1.of", [7, 0.5], "attributes.steps[1]"],
    ["attributes.steps.1.of", [7], "attributes.steps[1].of"],
    ["attributes.steps.1.function", "mod", "attributes.steps[1].function"],
    ["attributes.steps.1.function", "less", "attributes.steps[1].function"],
    ["attributes.steps.2.of", [8, 8], "attributes.steps"],
    ["attributes.steps.3.function", { fn: "isNaN" }, "attributes.steps[3].function"],
    ["attributes.steps.3.function", { fn: "elu" }, "attributes.steps[3].function.alpha"],
    ["attributes.steps.4.dtype", "int4", "attributes.steps[4].dtype"],
    ["attributes.steps.4.zeroPoint", 10, "attributes.steps[4]"],
    // Not exact, on the way to codes.
    ["attributes.steps.3.function", { fn: "sigmoid" }, "attributes.steps[3]"],
    ["attributes.steps.1.function", "div", "attributes.steps[1]"],
    [
      "attributes.steps.1",
      { kind: "quantize", of: 7, scale: 5, zeroPoint: 6, dtype: "int8" },
      "attributes.steps[1]",
    ],
  ],
  lookup: [
    ["inputs", [], "inputs"],
    ["inputs.0.dtype", "int4", "inputs[0].dtype"],
    ["attributes.output", "float32"],
  ],
  reduce: [
    ["attributes.function", "median"],
    ["attributes.axes", [2, 0]],
    ["attributes.axes", [1, 1]],
    ["attributes.axes", [3]],
    ["attributes.axes", [-1]],
    ["inputs.0.dtype", "bool", "inputs[0].dtype"],
  ],
  softmax: [
    ["inputs.0.dtype", "int8", "inputs[0].dtype"],
    ["attributes.axis", 2],
    ["attributes.axis", -1],
  ],
  attention: [
    ["inputs", [of("float32", 1, 1, 1, 1), of("float32", 1, 1, 1, 1)], "inputs"],
    ["inputs.0.dtype", "int8", "inputs[0].dtype"],
    ["inputs.1.dtype", "float16", "inputs[1].dtype"],
    ["inputs.3.dtype", "bool", "inputs[3].dtype"],
    ["inputs.0.shape", [4, 3, 8], "inputs[0].shape"],
    ["inputs.1.shape", [1, 2, 5, 8], "inputs[1].shape"],
    ["inputs.1.shape", [2, 2, 5, 7], "inputs[1].shape"],
    ["inputs.1.shape", [2, 3, 5, 8], "inputs[1].shape"],
    ["inputs.1.shape", [2, 0, 5, 8], "inputs[1].shape"],
    ["inputs.2.shape", [2, 2, 4, 6], "inputs[2].shape"],
    ["inputs.2.shape", [2, 4, 5, 6], "inputs[2].shape"],
    ["inputs.3.shape", [3, 4], "inputs"],
    ["inputs.3.shape", [1, 2, 4, 3, 5], "inputs[3].shape"],
    ["attributes.scale", Number.NaN],
    ["attributes.scale", Number.POSITIVE_INFINITY],
  ],
  recurrent: [
    ["inputs", [of("float32", 5, 2, 9)], "inputs"],
    ["inputs.0.shape", [5, 9], "inputs[0].shape"],
    ["inputs.0.shape", [5, 2, 8], "inputs[0].shape"],
    ["inputs.1.shape", [1, 3], "inputs[1].shape"],
    ["inputs.1.shape", [2, 1, 3], "inputs[1].shape"],
    ["inputs.1.dtype", "float64", "inputs[1].dtype"],
    ["inputs", [of("int8", 5, 2, 9), of("int8", 2, 3)], "inputs[0].dtype"],
    ["attributes.cell", "lstm", "inputs"],
    ["attributes.cell", "toString"],
    ["attributes.clip", -1],
    ["attributes.clip", Number.NaN],
    ["attributes", { cell: "rnn", linearBeforeReset: true }, "attributes.linearBeforeReset"],
  ],
  layerNorm: [
    ["inputs.0.dtype", "uint8", "inputs[0].dtype"],
    ["attributes.axis", 3],
    ["attributes.epsilon", -1],
    ["attributes.epsilon", Number.NaN],
  ],
  batchNorm: [
    ["inputs.0.shape", [3], "inputs[0].shape"],
    ["attributes.epsilon", -1],
    ["attributes.layout", "ncw"],
  ],
  pool2d: [
    ["inputs.0.dtype", "int8", "inputs[0].dtype"],
    ["attributes.kind", "median"],
    ["attributes.pads", [0, 3, 0, 0]],
    ["attributes.kernel", [12, 1]],
  ],
  transpose: [
    ["inputs.0.dtype", "int4", "inputs[0].dtype"],
    ["attributes.perm", [0, 1]],
    ["attributes.perm", [0, 1, 1]],
    ["attributes.perm", [1, 2, 3]],
  ],
  concat: [
    ["inputs", [], "inputs"],
    ["inputs.1.shape", [3, 1], "inputs[1]"],
    ["inputs.1.dtype", "uint8", "inputs[1]"],
    ["attributes.axis", 2],
  ],
  gather: [
    ["inputs.1.dtype", "int64", "inputs[1].dtype"],
    ["inputs.0.dtype", "uint2", "inputs[0].dtype"],
    ["attributes.axis", 2],
  ],
  pad: [
    ["attributes.mode", "mirror"],
    ["attributes.pads", [[1, 0]]],
    [
      "attributes.pads",
      [
        [-1, -2],
        [0, 0],
      ],
    ],
    [
      "attributes.pads",
      [
        [0.5, 0],
        [0, 0],
      ],
    ],
    ["inputs.0.shape", [0, 5], "attributes.pads"],
  ],
  resize: [
    ["inputs.0.dtype", "int8", "inputs[0].dtype"],
    ["attributes.sizes", [1, 2, 8]],
    ["attributes.mode", "lanczos"],
    ["attributes.coordinates", "center"],
    ["attributes.scales", [1, 1, 0, 1]],
  ],
  cast: [["attributes.to", "int31"]],
  where: [
    ["inputs", [of("bool", 1), of("int8", 1)], "inputs"],
    ["inputs.0.dtype", "uint8", "inputs[0].dtype"],
    ["inputs.2.dtype", "uint8", "inputs[2].dtype"],
    ["inputs.2.shape", [2], "inputs"],
  ],
  slice: [
    ["inputs.0.dtype", "uint4", "inputs[0].dtype"],
    ["attributes.starts", [4]],
    ["attributes.starts", [5, 1], "attributes.sizes[0]"],
    ["attributes.starts", [3, 1], "attributes.sizes[0]"],
    ["attributes.steps", [-2, 0], "attributes.steps[1]"],
    ["attributes.sizes", [3, 6], "attributes.sizes[1]"],
    ["attributes.sizes", [3, -1], "attributes.sizes[1]"],
  ],
  expand: [
    ["attributes.shape", [3, 3, 4], "inputs"],
    ["attributes.shape", [2]],
  ],
};

describe.each(opNames.filter((op) => sound[op] !== undefined))(
  "%s fails at the field that is wrong",
  (op) => {
    const rows = (broken[op] ?? []).map(([path, value, field = path]) => ({ path, value, field }));
    test.each(rows)("$path: $value", ({ path, value, field }) => {
      const wrong = altered(spec(op), path, value);
      expect(() => outputs(wrong)).toThrow(SpecError);
      expect(() => outputs(wrong)).toThrow(expect.objectContaining({ op, field, code: "SPEC" }));
    });

    test("and nowhere else", () => {
      const { tolerance, operations, operands } = definitionOf(spec(op));
      expect(tolerance(spec(op)).ulp).toBeGreaterThanOrEqual(0);
      expect(operations(spec(op))).toBeGreaterThanOrEqual(0);
      expect(operands(spec(op)).output).toBe(outputs(spec(op))[0]?.dtype);
      expect((broken[op] ?? []).length).toBeGreaterThan(0);
    });
  },
);

test("what the errors say", () => {
  expect(() => outputs(altered(spec("conv2d"), "attributes.groups", 3))).toThrow(
    "conv2d: attributes.groups must be a positive integer that divides 4 input and 6 output channels",
  );
});
