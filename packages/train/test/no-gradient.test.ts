/** What has no gradient: it does not disturb where none flows through it, and is named where one would have to. */
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { NoGradientError, stepGraph } from "../src/index.ts";
import { checkGradients, type GradientCase, modelOf, numbers } from "./gradients/finite-differences.ts";

const int = (...values: readonly number[]) => tensor("int64", [values.length], values.map(BigInt));

/** y = x times something that is computed from x without a gradient. */
const beside = (nodes: readonly NodeProto[], constants: GradientCase["constants"] = {}): GradientCase => ({
  nodes: [
    ...nodes,
    makeNode("CastLike", ["beside", "x"], ["factor"]),
    makeNode("Mul", ["x", "factor"], ["y"]),
  ],
  variables: { x: numbers([2, 3]) },
  constants,
});
const node = makeNode;

const harmless: Record<string, GradientCase> = {
  Shape: beside([node("Shape", ["x"], ["s"]), node("ReduceMax", ["s"], ["beside"])]),
  Size: beside([node("Size", ["x"], ["beside"])]),
  ArgMax: beside([node("ArgMax", ["x"], ["beside"], { attributes: { axis: 1n } })]),
  "comparisons and Not": beside([
    node("Greater", ["x", "zero"], ["above"]),
    node("Not", ["above"], ["below"]),
    node("Or", ["above", "below"], ["any"]),
    node("And", ["any", "above"], ["beside"]),
  ]),
  "Cast to integers": beside([node("Cast", ["x"], ["beside"], { attributes: { to: 6n } })]),
  OneHot: beside([
    node("ArgMax", ["x"], ["classes"], { attributes: { axis: 1n, keepdims: 0n } }),
    node("OneHot", ["classes", "depth", "values"], ["beside"]),
  ]),
  Range: beside([node("Range", ["start", "limit", "delta"], ["beside"])]),
  ConstantOfShape: beside([node("Shape", ["x"], ["s"]), node("ConstantOfShape", ["s"], ["beside"])]),
  EyeLike: beside([node("EyeLike", ["x"], ["beside"])]),
  "arithmetic of integers": beside([
    node("Shape", ["x"], ["s"]),
    node("Mul", ["s", "s"], ["squares"]),
    node("Div", ["squares", "three"], ["q"]),
    node("Mod", ["q", "three"], ["m"]),
    node("ReduceSum", ["m"], ["beside"]),
  ]),
  steps: beside([
    node("Ceil", ["x"], ["c"]),
    node("Round", ["c"], ["r"]),
    node("Floor", ["r"], ["f"]),
    node("Sign", ["f"], ["beside"]),
  ]),
  "an operator without a gradient, of a constant": {
    nodes: [node("Hardmax", ["c"], ["h"]), node("Mul", ["x", "h"], ["y"])],
    variables: { x: numbers([2, 3]) },
    constants: { c: numbers([2, 3], 2) },
  },
  "an operator without a gradient, which the loss does not read": {
    nodes: [node("Hardmax", ["x"], ["h"]), node("Exp", ["x"], ["y"])],
    variables: { x: numbers([2, 3]) },
  },
};
const constants = {
  zero: tensor("float64", [], [0]),
  depth: int(3),
  values: tensor("float64", [2], [0.5, 2]),
  start: tensor("int64", [], [1n]),
  limit: tensor("int64", [], [4n]),
  delta: tensor("int64", [], [1n]),
  three: int(3),
};

function gradientOf(given: GradientCase): () => unknown {
  return () =>
    stepGraph(modelOf(given), {
      shapes: {},
      parameters: Object.keys(given.variables),
      loss: ({ ops, value }) => {
        const y = value("y");
        return ops.sum(y, [...y.shape.keys()]);
      },
    });
}

describe("operators without a gradient", () => {
  for (const [name, each] of Object.entries(harmless))
    test(`do not disturb: ${name}`, () => {
      const read = new Set(each.nodes.flatMap(({ input }) => input));
      const used = Object.entries(constants).filter(([key]) => read.has(key));
      return checkGradients({ ...each, constants: { ...each.constants, ...Object.fromEntries(used) } });
    });

  const x = { x: numbers([2, 3]) };
  const refused: Record<string, { readonly given: GradientCase; readonly message: RegExp }> = {
    "an operator that has none": {
      given: { nodes: [node("Hardmax", ["x"], ["y"], { name: "choose" })], variables: x },
      message: /node "choose" \(Hardmax\).*freeze the parameters before it, or replace it/,
    },
    "an operator that nobody knows": {
      given: {
        nodes: [node("Frobnicate", ["x"], ["y"], { name: "odd", domain: "com.example" })],
        variables: x,
      },
      message: /node "odd" \(com\.example\.Frobnicate\).*replace it/,
    },
    "a shape that follows from data": {
      given: beside([
        node("NonZero", ["x"], ["places"], { name: "find" }),
        node("ReduceSum", ["places"], ["beside"]),
      ]),
      message: /node "find" \(NonZero\).*"places" follows from data \(int64 \[2, /,
    },
    "axes that are computed": {
      given: {
        nodes: [
          node("ArgMax", ["x"], ["axes"]),
          node("ReduceSum", ["x", "axes"], ["y"], { name: "sum", attributes: { keepdims: 1n } }),
        ],
        variables: { x: numbers([2]) },
      },
      message: /node "sum" \(ReduceSum\)/,
    },
    "an ellipsis": {
      given: {
        nodes: [node("Einsum", ["x"], ["y"], { name: "copy", attributes: { equation: "...->..." } })],
        variables: x,
      },
      message: /node "copy" \(Einsum\).*name its axes/,
    },
    "a convolution of volumes": {
      given: {
        nodes: [node("Conv", ["x", "w"], ["y"], { name: "volume" })],
        variables: { x: numbers([1, 1, 2, 2, 2]), w: numbers([1, 1, 1, 1, 1]) },
      },
      message: /node "volume" \(Conv\).*3 spatial axes/,
    },
    "the diagonal of an operand": {
      given: {
        nodes: [node("Einsum", ["x"], ["y"], { name: "trace", attributes: { equation: "ii->i" } })],
        variables: { x: numbers([3, 3]) },
      },
      message: /node "trace" \(Einsum\).*diagonal/,
    },
    If: {
      given: {
        nodes: [
          node("If", ["c"], ["y"], {
            name: "branch",
            attributes: { then_branch: branch("Exp"), else_branch: branch("Neg") },
          }),
        ],
        variables: x,
        constants: { c: tensor("bool", [], [1]) },
      },
      message: /node "branch" \(If\).*write it without them/,
    },
    Loop: {
      given: {
        nodes: [node("Loop", ["n", "c", "x"], ["y"], { name: "rounds", attributes: { body: body() } })],
        variables: x,
        constants: { n: tensor("int64", [], [2n]), c: tensor("bool", [], [1]) },
      },
      message: /node "rounds" \(Loop\).*write it without them/,
    },
  };
  for (const [name, { given, message }] of Object.entries(refused))
    test(`are named: ${name}`, () => {
      expect(gradientOf(given)).toThrow(NoGradientError);
      expect(gradientOf(given)).toThrow(message);
    });
});

function branch(opType: string) {
  return create(GraphProtoSchema, {
    name: opType,
    node: [makeNode(opType, ["x"], ["inner"])],
    output: [makeValueInfo("inner", "float64", [2, 3])],
  });
}

function body() {
  return create(GraphProtoSchema, {
    name: "body",
    input: [
      makeValueInfo("i", "int64", []),
      makeValueInfo("go", "bool", []),
      makeValueInfo("state", "float64", [2, 3]),
    ],
    node: [makeNode("Identity", ["go"], ["goOn"]), makeNode("Exp", ["state"], ["next"])],
    output: [makeValueInfo("goOn", "bool", []), makeValueInfo("next", "float64", [2, 3])],
    initializer: [toTensorProto(tensor("float32", [], [0]), "unused")],
  });
}
