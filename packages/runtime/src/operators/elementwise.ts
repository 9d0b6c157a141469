/** Operators that compute element by element. */
import type { BinaryFunction, PlainFunction } from "@bitbudget/backend";
import type { Operator } from "../operator.ts";
import type { OperatorTable } from "./index.ts";

function unary(fn: PlainFunction): Operator {
  return (context) => {
    const x = context.input(0);
    return [context.kernel({ op: "unary", inputs: [x.type], attributes: { function: { fn } } }, [x])];
  };
}

function binary(fn: BinaryFunction): Operator {
  return (context) => {
    const [a, b] = [context.input(0), context.input(1)];
    return [context.kernel({ op: "binary", inputs: [a.type, b.type], attributes: { function: fn } }, [a, b])];
  };
}

export const elementwise: OperatorTable = {
  Relu: unary("relu"),
  Add: binary("add"),
  Mul: binary("mul"),
};
