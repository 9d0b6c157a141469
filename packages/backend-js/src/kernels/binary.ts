/** binary: one function of each pair of elements, broadcast. */
import { broadcastStrides, definitionOf } from "@bitbudget/backend";
import { type Storage, strides, type TensorType } from "@bitbudget/core";
import { type Bigints, bigintFunctions, holdsBigints } from "../bigints.ts";
import { binaryFunction, comparisons, isComparison } from "../binary-functions.ts";
import { load, results, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { type Rows, rowsOf } from "../rows.ts";
import { floats, integers, plainRows } from "./formats.ts";

export const binary: JsKernel<"binary"> = {
  rows: [...plainRows([...floats, ...integers, "bool"]), ...plainRows([...floats, ...integers], "bool")],

  prepare(_, spec) {
    const [aType, bType] = [spec.inputs[0]!, spec.inputs[1]!];
    const output = definitionOf(spec).outputs(spec)[0]!;
    const { shape } = output;
    const { function: fn } = spec.attributes;
    const broadcast = [aType, bType].map((type) => broadcastStrides(type.shape, shape));
    const rows = rowsOf(shape, strides(shape), ...broadcast);
    return {
      bytes: 0,
      run([a, b], [y]) {
        if (isComparison(fn)) {
          zip(comparisons[fn], elements(a!, aType), elements(b!, bType), results(y!, output), rows);
        } else if (holdsBigints(a!) && holdsBigints(b!) && holdsBigints(y!)) {
          zip(bigintFunctions[fn], a, b, y, rows);
        } else {
          const out = results(y!, output);
          zip(binaryFunction(fn, aType.dtype), load(a!, aType), load(b!, bType), out, rows);
          store(out, y!, output);
        }
      },
    };
  },
};

function elements(storage: Storage, type: TensorType): Numbers | Bigints {
  return holdsBigints(storage) ? storage : load(storage, type);
}

function zip<T, R>(
  f: (a: T, b: T) => R,
  a: ArrayLike<T>,
  b: ArrayLike<T>,
  out: { [i: number]: R },
  { length, steps: [step = 0, stepA = 0, stepB = 0], forEach }: Rows,
): void {
  forEach(([start = 0, startA = 0, startB = 0]) => {
    for (let i = 0; i < length; i++)
      out[start + i * step] = f(a[startA + i * stepA]!, b[startB + i * stepB]!);
  });
}
