/** How an activation is rounded: as nodes of a graph, and as numbers. */
import {
  affineScale,
  affineZeroPoint,
  type DType,
  dtypes,
  type IntegerName,
  roundHalfEven,
  tensor,
} from "@bitbudget/core";
import { type Graph, makeNode, type NodeProto, toTensorProto } from "@bitbudget/onnx";
import type { Calibration } from "../calibration/statistics.ts";
import { AssignmentError } from "../errors.ts";
import type { ActivationScheme } from "../scheme.ts";

export interface ActivationRounding {
  readonly dtype: IntegerName;
  /** Undefined where it is found anew in each run. */
  readonly fixed: { readonly step: number; readonly zero: number } | undefined;
}

/**
 * @param name of the value
 * @throws AssignmentError for a scheme with a range of its own and no calibration
 */
export function roundingOf(
  layer: string,
  name: string,
  scheme: ActivationScheme,
  calibration: Calibration | undefined,
): ActivationRounding {
  // DynamicQuantizeLinear knows this format alone.
  if (scheme.dynamic === true) return { dtype: "uint8", fixed: undefined };
  const dtype = scheme.dtype as IntegerName;
  const info = dtypes[dtype];
  const { symmetric = info.kind === "integer" && info.signed, range = "min-max" } = scheme;
  if (calibration === undefined)
    throw new AssignmentError(
      layer,
      "its activations have a range of their own; pass a calibration, or `dynamic`",
    );
  const seen = calibration.value(name).range(range, { dtype, symmetric });
  const step = Math.fround(affineScale(seen, dtype, symmetric));
  return { dtype, fixed: { step, zero: affineZeroPoint(seen, step, dtype, symmetric) } };
}

/** x as it is, or rounded where the flag says so. @returns the name of that, and the nodes that make it */
export function switchActivation(
  graph: Graph,
  x: string,
  flag: string,
  { dtype, fixed }: ActivationRounding,
): [string, NodeProto[]] {
  const named = (what: string) => graph.uniqueName(`${x}:${what}`);
  const codes = named("codes");
  const scale = named("scale");
  const zero = named("zero");
  const rounded = named("rounded");
  const chosen = named("chosen");
  if (fixed !== undefined) {
    graph.initializers.set(toTensorProto(tensor("float32", [], [fixed.step]), scale));
    graph.initializers.set(toTensorProto(tensor<DType>(dtype, [], [fixed.zero]), zero));
  }
  const quantize =
    fixed === undefined
      ? makeNode("DynamicQuantizeLinear", [x], [codes, scale, zero], { name: codes })
      : makeNode("QuantizeLinear", [x, scale, zero], [codes], { name: codes });
  return [
    chosen,
    [
      quantize,
      makeNode("DequantizeLinear", [codes, scale, zero], [rounded], { name: rounded }),
      makeNode("Where", [flag, rounded, x], [chosen], { name: chosen }),
    ],
  ];
}

/** x as a value that one layer alone reads, so that its gradient is the one through that layer. */
export function probe(graph: Graph, x: string): [string, NodeProto[]] {
  const zero = graph.uniqueName(`${x}:nothing`);
  const read = graph.uniqueName(`${x}:read`);
  graph.initializers.set(toTensorProto(tensor("float32", [], [0]), zero));
  return [read, [makeNode("Add", [x, zero], [read], { name: read })]];
}

/** What rounding adds to each of these numbers. */
export function* roundingErrors(x: Float32Array, { dtype, fixed }: ActivationRounding): Generator<number> {
  const { min, max } = dtypes[dtype];
  const { step, zero } = fixed ?? dynamic(x, dtype);
  for (let i = 0; i < x.length; i++) {
    const code = roundHalfEven(Math.fround(x[i]! / step)) + zero;
    yield (Math.min(max, Math.max(min, code)) - zero) * step - x[i]!;
  }
}

function dynamic(x: Float32Array, dtype: IntegerName): { step: number; zero: number } {
  let [min, max] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    min = Math.min(min, x[i]!);
    max = Math.max(max, x[i]!);
  }
  const step = Math.fround(affineScale({ min, max }, dtype, false));
  return { step, zero: affineZeroPoint({ min, max }, step, dtype, false) };
}
