/** Fourier transforms. The last axis holds the real and the imaginary part, or the real one alone. */
import * as dims from "./dim.ts";
import type { Rule, Rules } from "./op.ts";
import { ofRank, tensor } from "./value.ts";

/** The axis is an attribute before version 20, then an input. */
const dft: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const oneSided = op.int("onesided", 0) !== 0;
  const inverse = op.int("inverse", 0) !== 0;
  const given = op.version < 20 ? op.int("axis", 1) : op.has(2) ? op.data(2)?.[0] : -2;
  if (shape === undefined || typeof given !== "number") return [tensor(dtype, ofRank(shape?.length))];
  const axis = op.axis(given, shape.length);
  const size = op.has(1) ? op.data(1)?.[0] : undefined;
  const half = (length: dims.MaybeDim): dims.MaybeDim => dims.add(dims.floorDivide(length, 2), 1);
  const result = [...shape];
  if (oneSided && inverse) {
    result[axis] = op.has(1) ? size : dims.multiply(dims.subtract(shape[axis], 1), 2);
    result[shape.length - 1] = 1;
  } else {
    const length = op.has(1) ? size : shape[axis];
    result[axis] = oneSided ? half(length) : length;
    result[shape.length - 1] = 2;
  }
  return [tensor(dtype, result)];
};

/** [batch, length, 1 or 2] in steps and frames makes [batch, frames, bins, 2]. */
const stft: Rule = (op) => {
  const length = op.dim(0, 1);
  const step = op.data(1)?.[0];
  const frame = op.has(3) ? op.data(3)?.[0] : op.dim(2, 0);
  const frames = dims.add(dims.floorDivide(dims.subtract(length, frame), step), 1);
  const bins = op.int("onesided", 1) !== 0 ? dims.add(dims.floorDivide(frame, 2), 1) : frame;
  return [tensor(op.dtype(0), [op.dim(0, 0), frames, bins, 2])];
};

export const signalRules: Rules = { DFT: dft, STFT: stft };
