/** CumSum and CumProd: sums and products of all elements so far. */
import { getInt } from "@bitbudget/onnx";
import { combineElements, type Operation } from "../host/arithmetic.ts";
import { lanesOf } from "../host/selection.ts";
import type { Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

function cumulative(operation: Operation, neutral: number): Operator {
  return (context) => {
    const x = context.input(0);
    const { shape } = x.type;
    const { node } = context;
    const { outer, length, inner } = lanesOf(shape, axisOf(context, context.scalar(1), shape.length));
    const exclusive = getInt(node, "exclusive", 0) !== 0;
    const reverse = getInt(node, "reverse", 0) !== 0;
    return context.host([x.type], [x], ([data]) => [
      combineElements(data!, operation, data!, (out, combine, of, number) => {
        for (let lane = 0; lane < outer * inner; lane++) {
          const start = Math.floor(lane / inner) * length * inner + (lane % inner);
          let sum = number(neutral);
          for (let step = 0; step < length; step++) {
            const at = start + (reverse ? length - 1 - step : step) * inner;
            const next = combine(sum, of[at]!);
            out[at] = exclusive ? sum : next;
            sum = next;
          }
        }
      }),
    ]);
  };
}

export const cumulatives: OperatorTable = { CumSum: cumulative("add", 0), CumProd: cumulative("mul", 1) };
