/** scatterAdd: slices added up at their indices. Indices become a table of offsets first; one out of range is an IndexError. */
import { elementCount } from "@bitbudget/core";
import { wasmKernel } from "../kernel.ts";

/** Columns of a strip in assembly/scatter.as. */
const STRIP = 16;

export const scatterAdd = wasmKernel<"scatterAdd">({
  rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
  refuse: ({ inputs }) =>
    inputs[0]?.dtype === "int64" ? "no indices of int64; cast them to int32" : undefined,
  compile(context, { inputs, attributes: { axis, size } }, _weights, owned) {
    const [indices, updates] = [inputs[0]!.shape, inputs[1]!.shape];
    const count = elementCount(indices);
    const outer = elementCount(updates.slice(0, axis));
    const inner = elementCount(updates.slice(axis + indices.length));
    const table = owned.workspace(count * 4);
    const total = outer * Math.ceil(inner / STRIP);
    const work = outer * inner * (count + size);
    return ([at, from], [to]) => {
      context.run("offsetsOfIndices", count, count, at!, table(), size, inner * 4, context.fault);
      context.raise();
      context.run("scatterAddF32", total, work, table(), from!, to!, count, size, inner);
    };
  },
});
