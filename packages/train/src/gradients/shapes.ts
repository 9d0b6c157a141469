/** Gradients of operators that give the same elements another shape, order or format. */
import { getInt, getInts, getString } from "@bitbudget/onnx";
import type { GradientRule, GradientTable } from "./rule.ts";

const reshaped: GradientRule = ({ ops, dy, input }) => [ops.reshape(dy, input(0).shape)];

export const shapes: GradientTable = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: ({ ops, node, dy, input }) => {
    const { shape } = input(0);
    const perm = getInts(
      node,
      "perm",
      shape.map((_, axis) => shape.length - 1 - axis),
    );
    return [
      ops.transpose(
        dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  DepthToSpace: ({ ops, node, dy, input }) => {
    const { shape } = input(0);
    const [n = 0, c = 0, h = 0, w = 0] = shape;
    const block = getInt(node, "blocksize");
    const planes = c / block ** 2;
    const blocks = ops.reshape(dy, [n, planes, h, block, w, block]);
    const isRowMajor = getString(node, "mode", "DCR") === "CRD";
    return [ops.reshape(ops.transpose(blocks, isRowMajor ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]), shape)];
  },
  SpaceToDepth: ({ ops, node, dy, input }) => {
    const { shape } = input(0);
    const [n = 0, c = 0, h = 0, w = 0] = shape;
    const block = getInt(node, "blocksize");
    const blocks = ops.reshape(dy, [n, block, block, c, h / block, w / block]);
    return [ops.reshape(ops.transpose(blocks, [0, 3, 4, 1, 5, 2]), shape)];
  },
  Trilu: ({ ops, node, dy, inputs }) => [
    ops.emit("Trilu", [dy, inputs[1]], [dy], { upper: BigInt(getInt(node, "upper", 1)) })[0],
  ],
  Cast: ({ ops, dy, input }) => [ops.cast(dy, input(0).dtype)],
  CastLike: ({ ops, dy, input }) => [ops.cast(dy, input(0).dtype)],
  Expand: ({ ops, dy, input }) => [ops.sumTo(dy, input(0).shape)],
};
