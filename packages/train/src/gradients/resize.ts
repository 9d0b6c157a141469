/** The gradient of Resize, whose every mode works along one axis after the other. */
import { normalizeAxis } from "@bitbudget/core";
import { getFloat, getInt, getInts, getString } from "@bitbudget/onnx";
import { alongAxes } from "./axis-matrices.ts";
import type { Backward, GradientRule } from "./rule.ts";

export const resize: GradientRule = (b) => {
  const { ops, node } = b;
  const coordinates = getString(node, "coordinate_transformation_mode", "half_pixel");
  if (coordinates === "tf_crop_and_resize") b.fail("it crops; write that as a Slice before it");
  if (getString(node, "keep_aspect_ratio_policy", "stretch") !== "stretch")
    b.fail("it keeps the aspect ratio; give it the sizes that result");
  const attributes = {
    coordinate_transformation_mode: coordinates,
    mode: getString(node, "mode", "nearest"),
    nearest_mode: getString(node, "nearest_mode", "round_prefer_floor"),
    cubic_coeff_a: getFloat(node, "cubic_coeff_a", -0.75),
    exclude_outside: BigInt(getInt(node, "exclude_outside", 0)),
    antialias: BigInt(getInt(node, "antialias", 0)),
  };
  const scales = scalesOf(b);
  return [
    alongAxes(b, (axis, identity, type) => {
      const factor = scales?.[axis];
      if (factor === 1 || (factor === undefined && type.shape[0] === type.shape[1])) return [];
      const how =
        factor === undefined
          ? [undefined, ops.ints(type.shape)]
          : [ops.constant({ dtype: "float32", shape: [2], data: Float32Array.of(1, factor) })];
      return ops.emit("Resize", [identity(), undefined, ...how], [type], attributes);
    }),
  ];
};

/** A factor for each axis; undefined where sizes are given, from which the factors follow. */
function scalesOf(b: Backward): readonly number[] | undefined {
  const scales = b.inputs[2];
  if (scales === undefined || scales.shape[0] === 0) return undefined;
  const given = b.content(2, "scales");
  const { shape } = b.input(0);
  const axes = getInts(b.node, "axes", [...shape.keys()]).map((axis) => normalizeAxis(axis, shape.length));
  return shape.map((_, axis) => given[axes.indexOf(axis)] ?? 1);
}
