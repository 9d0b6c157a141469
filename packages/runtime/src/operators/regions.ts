/** Operators on regions of images: pooling over boxes, choosing among boxes, images put together from blocks. */
import { IndexError } from "@bitbudget/backend";
import { elementCount, strides, tensor, valuesOf } from "@bitbudget/core";
import { getFloat, getInt, getInts, getString } from "@bitbudget/onnx";
import { castNumbers, combineElements } from "../host/arithmetic.ts";
import { put, zeros } from "../host/elements.ts";
import { maxRoiPool, roiAlign } from "../host/roi.ts";
import { suppress } from "../host/suppression.ts";
import type { Operator } from "../operator.ts";
import type { OperatorTable } from "./index.ts";

const roiAlignOperator: Operator = (context) => {
  const [x, rois, batch] = [context.input(0), context.input(1), context.input(2)];
  const { node } = context;
  const { dtype, shape } = x.type;
  const size = [getInt(node, "output_height", 1), getInt(node, "output_width", 1)] as const;
  const mode = getString(node, "mode", "avg").toLowerCase();
  if (mode !== "avg" && mode !== "max") context.fail(`has no mode ${mode}; use avg or max`);
  // There were no half pixels before opset 16.
  const coordinates = getString(
    node,
    "coordinate_transformation_mode",
    context.opset < 16 ? "output_half_pixel" : "half_pixel",
  );
  const options = {
    size,
    scale: getFloat(node, "spatial_scale", 1),
    samplingRatio: getInt(node, "sampling_ratio", 0),
    halfPixel: coordinates === "half_pixel",
    mode: mode === "max" ? "max" : "avg",
  } as const;
  const result = [batch.type.shape[0] ?? 0, shape[1] ?? 0, ...size];
  return context.host([{ dtype, shape: result }], [x, rois, batch], ([images, boxes, at]) => {
    const pooled = roiAlign(valuesOf(images!), shape, valuesOf(boxes!), valuesOf(at!), options);
    return [castNumbers(dtype, result, pooled)];
  });
};

const maxRoiPoolOperator: Operator = (context) => {
  const [x, rois] = [context.input(0), context.input(1)];
  const { dtype, shape } = x.type;
  const [rows = 1, columns = 1] = getInts(context.node, "pooled_shape");
  const options = { size: [rows, columns], scale: getFloat(context.node, "spatial_scale", 1) } as const;
  const result = [rois.type.shape[0] ?? 0, shape[1] ?? 0, rows, columns];
  return context.host([{ dtype, shape: result }], [x, rois], ([images, boxes]) => [
    castNumbers(dtype, result, maxRoiPool(valuesOf(images!), shape, valuesOf(boxes!), options)),
  ]);
};

/** How many boxes stay depends on where they are, so nothing of it can be planned in advance. */
const nonMaxSuppression: Operator = (context) => {
  const [boxes, scores] = [context.constant(0), context.constant(1)];
  const [batch = 0, classes = 0, count = 0] = scores.shape;
  if (boxes.shape.join() !== [batch, count, 4].join())
    context.fail(`has boxes [${boxes.shape.join(", ")}] for scores [${scores.shape.join(", ")}]`);
  const triples = suppress(valuesOf(boxes), valuesOf(scores), [batch, classes, count], {
    most: context.has(2) ? context.scalar(2) : 0,
    overlap: context.has(3) ? context.scalar(3) : 0,
    score: context.has(4) ? context.scalar(4) : Number.NEGATIVE_INFINITY,
    centered: getInt(context.node, "center_point_box", 0) !== 0,
  });
  return [context.known(tensor("int64", [triples.length / 3, 3], triples))];
};

const maxUnpool: Operator = (context) => {
  const [x, indices] = [context.input(0), context.input(1)];
  const { node } = context;
  const { dtype, shape } = x.type;
  const kernel = getInts(node, "kernel_shape");
  const steps = getInts(
    node,
    "strides",
    kernel.map(() => 1),
  );
  const pads = getInts(
    node,
    "pads",
    [...kernel, ...kernel].map(() => 0),
  );
  const inferred = shape.map((length, axis) => {
    if (axis < 2) return length;
    const i = axis - 2;
    return (length - 1) * steps[i]! - pads[i]! - pads[i + kernel.length]! + kernel[i]!;
  });
  const result = context.has(2) ? context.integers(2) : inferred;
  if (result.length !== shape.length || result.some((length, axis) => length < inferred[axis]!))
    context.fail(`unpools to [${inferred.join(", ")}], which does not fit into [${result.join(", ")}]`);
  // Indices count in the inferred shape; a larger result has it in its first corner.
  const [from, to] = [strides(inferred), strides(result)];
  const count = elementCount(inferred);
  return context.host([{ dtype, shape: result }], [x, indices], ([data, at]) => {
    const positions = Array.from(valuesOf(at!), (index, i) => {
      if (!(index >= 0 && index < count)) throw new IndexError(index, i, count);
      return from.reduce(
        (sum, step, axis) => sum + (Math.floor(index / step) % inferred[axis]!) * to[axis]!,
        0,
      );
    });
    return [put(zeros(dtype, result), positions, data!)];
  });
};

const col2Im: Operator = (context) => {
  const x = context.input(0);
  const { node } = context;
  const { dtype, shape } = x.type;
  const [image, block] = [context.integers(1), context.integers(2)];
  const rank = image.length;
  const dilations = getInts(
    node,
    "dilations",
    image.map(() => 1),
  );
  const steps = getInts(
    node,
    "strides",
    image.map(() => 1),
  );
  const pads = getInts(
    node,
    "pads",
    [...image, ...image].map(() => 0),
  );
  const blocks = image.map((length, i) => {
    const covered = length + pads[i]! + pads[i + rank]! - dilations[i]! * (block[i]! - 1) - 1;
    return Math.floor(covered / steps[i]!) + 1;
  });
  const [batch = 0, rows = 0, columns = 0] = shape;
  const channels = rows / elementCount(block);
  if (shape.length !== 3 || !Number.isInteger(channels) || columns !== elementCount(blocks))
    context.fail(
      `cannot make [${image.join(", ")}] of blocks [${block.join(", ")}] in [${shape.join(", ")}]`,
    );
  const result = [batch, channels, ...image];
  const [inBlock, inBlocks, inImage] = [strides(block), strides(blocks), strides(image)];
  /** Where an element of a block lies in the image; undefined in the padding. */
  const place = (element: number, column: number): number | undefined => {
    let position = 0;
    for (let i = 0; i < rank; i++) {
      const k = Math.floor(element / inBlock[i]!) % block[i]!;
      const j = Math.floor(column / inBlocks[i]!) % blocks[i]!;
      const at = j * steps[i]! - pads[i]! + k * dilations[i]!;
      if (at < 0 || at >= image[i]!) return undefined;
      position += at * inImage[i]!;
    }
    return position;
  };
  return context.host([{ dtype, shape: result }], [x], ([data]) => {
    return [
      combineElements(zeros(dtype, result), "add", data!, (out, combine, of) => {
        for (let i = 0; i < of.length; i++) {
          const row = Math.floor(i / columns);
          const position = place(row % elementCount(block), i % columns);
          if (position === undefined) continue;
          const plane = Math.floor(row / elementCount(block));
          const at = plane * elementCount(image) + position;
          out[at] = combine(out[at]!, of[i]!);
        }
      }),
    ];
  });
};

export const regions: OperatorTable = {
  RoiAlign: roiAlignOperator,
  MaxRoiPool: maxRoiPoolOperator,
  NonMaxSuppression: nonMaxSuppression,
  MaxUnpool: maxUnpool,
  Col2Im: col2Im,
};
