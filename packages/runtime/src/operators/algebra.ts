/** Einsum and Det. */
import { elementCount, valuesOf } from "@bitbudget/core";
import { castNumbers } from "../host/arithmetic.ts";
import { determinants } from "../host/determinant.ts";
import type { Operator } from "../operator.ts";
import { einsum } from "./einsum.ts";
import type { OperatorTable } from "./index.ts";

const det: Operator = (context) => {
  const x = context.input(0);
  const { dtype, shape } = x.type;
  const [rows, columns] = [shape.at(-2), shape.at(-1)];
  if (rows === undefined || rows !== columns)
    context.fail(`needs square matrices, not [${shape.join(", ")}]`);
  const result = shape.slice(0, -2);
  return context.host([{ dtype, shape: result }], [x], ([data]) => [
    castNumbers(dtype, result, determinants(valuesOf(data!), columns ?? 0, elementCount(result))),
  ]);
};

export const algebra: OperatorTable = { Einsum: einsum, Det: det };
