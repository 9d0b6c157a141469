/** reduce: neighbouring axes are joined, and each group of reduced ones is folded at a time, the last one first. */
import { type KernelRow, type KernelSpec, type ReduceFunction, reduceCount } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import { withHalves } from "../half.ts";
import { type Address, wasmKernel } from "../kernel.ts";

const formats = ["float32", "int32", "int64"] as const;
const rows: readonly KernelRow[] = formats.map((dtype) => ({
  ...{ activation: dtype, output: dtype, arithmetic: "native" },
}));

// The numbers of assembly/reduce.as.
const folds = { sum: 0, absolutes: 1, squares: 2, product: 3, max: 4, min: 5, exponentials: 6 } as const;
const finishes = { none: 0, mean: 1, root: 2, logarithm: 3 } as const;
const INTEGER = 8;

interface Fold {
  readonly fold: keyof typeof folds;
  /** How the results of one group are folded into those of the next. Default: by `fold` again. */
  readonly again?: keyof typeof folds;
  readonly finish?: keyof typeof finishes;
}

const functions: { readonly [F in ReduceFunction]: Fold } = {
  sum: { fold: "sum" },
  mean: { fold: "sum", finish: "mean" },
  max: { fold: "max" },
  min: { fold: "min" },
  prod: { fold: "product" },
  l1: { fold: "absolutes", again: "sum" },
  l2: { fold: "squares", again: "sum", finish: "root" },
  sumSquare: { fold: "squares", again: "sum" },
  logSum: { fold: "sum", finish: "logarithm" },
  logSumExp: { fold: "exponentials", finish: "logarithm" },
};

export const reduce = wasmKernel(
  withHalves<"reduce">({
    rows,
    refuse({ inputs, attributes }) {
      const { finish } = functions[attributes.function];
      const integers = inputs[0]?.dtype !== "float32";
      return integers && finish !== undefined ? `no ${attributes.function} of integers` : undefined;
    },
    compile(context, spec, _weights, owned) {
      const { dtype } = spec.inputs[0]!;
      const { fold, again = fold, finish = "none" } = functions[spec.attributes.function];
      const count = reduceCount(spec);
      const bytes = dtype === "int64" ? 8 : 4;
      const base = dtype === "int32" ? INTEGER : 0;
      const stages = stagesOf(spec);
      const steps = stages.map((stage, i) => {
        const last = i === stages.length - 1;
        // The logarithm of a sum of exponentials is one again; other functions finish once.
        const ending = last || fold === "exponentials" ? finish : "none";
        return {
          to: last ? undefined : owned.workspace(stage.outer * stage.inner * bytes),
          run: (x: Address, y: Address) =>
            runStage(
              context,
              stage,
              dtype === "int64",
              x,
              y,
              base + folds[i === 0 ? fold : again],
              finishes[ending],
              count,
            ),
        };
      });
      return ([x], [y]) => {
        let from = x!;
        for (const { run, to } of steps) {
          const into = to?.() ?? y!;
          run(from, into);
          from = into;
        }
      };
    },
  }),
);

/** [outer, length, inner] to [outer, inner]. */
interface Stage {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

function runStage(
  context: Context,
  { outer, length, inner }: Stage,
  wide: boolean,
  x: Address,
  y: Address,
  fold: number,
  finish: number,
  count: number,
): void {
  const work = outer * length * inner;
  if (wide) context.run("reduceI64", outer * inner, work, x, y, length, inner, fold);
  else if (inner === 1) context.run("reduceRows", outer, work, x, y, length, fold, finish, count);
  else
    context.run(
      "reduceColumns",
      outer * Math.ceil(inner / 16),
      work,
      x,
      y,
      length,
      inner,
      fold,
      finish,
      count,
    );
}

function stagesOf({ inputs, attributes }: KernelSpec<"reduce">): Stage[] {
  const groups: { readonly reduced: boolean; length: number }[] = [];
  for (const [axis, length] of inputs[0]!.shape.entries()) {
    if (length === 1) continue;
    const reduced = attributes.axes.includes(axis);
    const before = groups.at(-1);
    if (before?.reduced === reduced) before.length *= length;
    else groups.push({ reduced, length });
  }
  const stages: Stage[] = [];
  for (let i = groups.length - 1; i >= 0; i--) {
    const { reduced, length } = groups[i]!;
    if (!reduced) continue;
    const outer = elementCount(groups.slice(0, i).map((group) => group.length));
    const inner = elementCount(groups.slice(i + 1).map((group) => (group.reduced ? 1 : group.length)));
    stages.push({ outer, length, inner });
  }
  // Without anything to reduce the function still applies to each element.
  return stages.length > 0 ? stages : [{ outer: 1, length: 1, inner: elementCount(inputs[0]!.shape) }];
}
