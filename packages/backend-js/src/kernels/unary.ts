/** unary: one function of each element. */
import { definitionOf, type UnaryFunction } from "@bitbudget/backend";
import { type DType, dtypes, encode } from "@bitbudget/core";
import { bigintFunction, holdsBigints } from "../bigints.ts";
import { load, results, store } from "../elements.ts";
import { unaryFunction } from "../functions.ts";
import type { JsKernel } from "../kernel.ts";
import { wordsOf } from "../words.ts";
import { floats, integers, plainRows } from "./formats.ts";

export const unary: JsKernel<"unary"> = {
  rows: [...plainRows([...floats, ...integers, "bool"]), ...plainRows(floats, "bool")],

  prepare(_, spec) {
    const type = spec.inputs[0]!;
    const output = definitionOf(spec).outputs(spec)[0]!;
    const { function: value } = spec.attributes;
    return {
      bytes: 0,
      run([x], [y]) {
        if (value.fn === "identity") {
          wordsOf(y!, type.dtype).set(wordsOf(x!, type.dtype));
          return;
        }
        if (holdsBigints(x!) && holdsBigints(y!)) {
          map(bigintFunction(value, type.dtype), x, y);
          return;
        }
        const out = results(y!, output);
        map(unaryFunction(inRange(value, type.dtype)), load(x!, type), out);
        store(out, y!, output);
      },
    };
  },
};

function map<T>(f: (x: T) => T, x: ArrayLike<T>, out: { [i: number]: T }): void {
  for (let i = 0; i < x.length; i++) out[i] = f(x[i]!);
}

/** Bounds of a clip of integers as numbers that the format has. */
function inRange(value: UnaryFunction, dtype: DType): UnaryFunction {
  if (value.fn !== "clip" || dtypes[dtype].kind === "float") return value;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = value;
  return { fn: "clip", min: Number(encode(dtype, min)), max: Number(encode(dtype, max)) };
}
