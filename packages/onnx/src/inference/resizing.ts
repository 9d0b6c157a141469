/** Resize and Upsample: sizes from scales, or given; for some axes alone since version 18. */

import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { ofRank, type Shape, tensor } from "./value.ts";

const resize: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  // Version 10 has scales alone, as the second input; later ones roi, scales and sizes.
  const scalesInput = op.version < 11 ? 1 : 2;
  if (shape === undefined) return [tensor(dtype, undefined)];
  const axes = op
    .ints(
      "axes",
      shape.map((_, axis) => axis),
    )
    .map((axis) => op.axis(axis, shape.length));
  const bySizes = op.version >= 11 && op.has(3);
  const given = bySizes ? op.data(3) : op.data(scalesInput);
  // An empty scales input stands for one that is left out.
  if (given === undefined || given.length === 0) return [tensor(dtype, ofRank(shape.length))];
  if (given.length !== axes.length)
    op.fail(`${given.length} sizes or scales are given for ${axes.length} axes`);
  const result: MaybeDim[] = [...shape];
  const wanted = bySizes ? keepingAspect(op, shape, axes, given) : undefined;
  for (const [i, axis] of axes.entries())
    result[axis] = wanted?.[i] ?? (bySizes ? undefined : scaled(shape[axis], given[i]));
  return [tensor(dtype, result)];
};

/** floor(size * scale) */
function scaled(size: MaybeDim, scale: MaybeDim): MaybeDim {
  if (typeof size === "number" && typeof scale === "number") return Math.floor(size * scale);
  return typeof scale === "number" && Number.isInteger(scale) ? dims.multiply(size, scale) : undefined;
}

/** With a policy the smallest or largest of the ratios scales all axes alike, rounding half up. */
function keepingAspect(op: Op, shape: Shape, axes: readonly number[], sizes: Shape): Shape {
  const policy = op.string("keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return sizes;
  const ratios: number[] = [];
  for (const [i, axis] of axes.entries()) {
    const [from, to] = [shape[axis], sizes[i]];
    if (typeof from !== "number" || typeof to !== "number") return sizes.map(() => undefined);
    ratios.push(to / from);
  }
  const ratio = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => Math.floor(Number(shape[axis]) * ratio + 0.5));
}

/** Scales are an attribute in version 7, an input in version 9. */
const upsample: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const scales = op.version < 9 ? op.floats("scales") : op.data(1);
  if (shape === undefined || scales === undefined) return [tensor(dtype, ofRank(shape?.length))];
  return [
    tensor(
      dtype,
      shape.map((dim, axis) => scaled(dim, scales[axis])),
    ),
  ];
};

export const resizingRules: Rules = { Resize: resize, Upsample: upsample };
