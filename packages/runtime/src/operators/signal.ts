/** Operators of signal processing: Fourier transforms, windows, the mel scale. */
import { type DType, elementCount, valuesOf } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { castNumbers } from "../host/arithmetic.ts";
import { complexZeros, transform } from "../host/fourier.ts";
import { lanesOf } from "../host/selection.ts";
import {
  blackman,
  cosineWindow,
  hamming,
  hann,
  melWeights,
  type WindowCoefficients,
} from "../host/windows.ts";
import type { Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import { dtypeAttribute } from "./constants.ts";
import type { OperatorTable } from "./index.ts";

/** Real numbers have a last axis of length 1, complex ones of 2. */
const dft: Operator = (context) => {
  const x = context.input(0);
  const { node } = context;
  const { dtype, shape } = x.type;
  const rank = shape.length;
  const inverse = getInt(node, "inverse", 0) !== 0;
  const onesided = getInt(node, "onesided", 0) !== 0;
  // An attribute before opset 20.
  const given = context.has(2) ? context.scalar(2) : getInt(node, "axis", context.opset < 20 ? 1 : -2);
  const axis = axisOf(context, given, rank);
  const parts = shape.at(-1) ?? 0;
  if (axis === rank - 1 || (parts !== 1 && parts !== 2))
    context.fail(`cannot transform axis ${axis} of [${shape.join(", ")}]`);
  const toReal = onesided && inverse;
  const { outer, length, inner } = lanesOf(shape.slice(0, -1), axis);
  const points = context.has(1) ? context.scalar(1) : toReal ? 2 * (length - 1) : length;
  if (!(points > 0)) context.fail(`has a length of ${points}`);
  const kept = onesided && !inverse ? Math.floor(points / 2) + 1 : points;
  const resultParts = toReal ? 1 : 2;
  const result = [...shape.with(axis, kept).slice(0, -1), resultParts];
  return context.host([{ dtype, shape: result }], [x], ([data]) => {
    const values = valuesOf(data!);
    const out = new Float64Array(elementCount(result));
    for (let lane = 0; lane < outer * inner; lane++) {
      const before = Math.floor(lane / inner);
      const behind = lane % inner;
      const signal = complexZeros(points);
      for (let n = 0; n < Math.min(length, points); n++) {
        const at = ((before * length + n) * inner + behind) * parts;
        signal.re[n] = values[at]!;
        signal.im[n] = parts === 2 ? values[at + 1]! : 0;
      }
      // The other side of the spectrum of a real signal mirrors this one.
      if (toReal)
        for (let n = 1; n < points - n; n++) {
          signal.re[points - n] = signal.re[n]!;
          signal.im[points - n] = -signal.im[n]!;
        }
      const { re, im } = transform(signal, inverse);
      for (let k = 0; k < kept; k++) {
        const at = ((before * kept + k) * inner + behind) * resultParts;
        out[at] = re[k]!;
        if (resultParts === 2) out[at + 1] = im[k]!;
      }
    }
    return [castNumbers(dtype, result, out)];
  });
};

const stft: Operator = (context) => {
  const signal = context.input(0);
  const { dtype, shape } = signal.type;
  const [batch = 0, length = 0, parts = 1] = shape;
  const step = context.scalar(1);
  const window = context.has(2) ? context.input(2) : undefined;
  const points = context.has(3) ? context.scalar(3) : (window?.type.shape[0] ?? length);
  if (window !== undefined && window.type.shape[0] !== points)
    context.fail(`has a window of ${window.type.shape[0]} points for frames of ${points}`);
  if (!(step > 0 && points > 0 && points <= length))
    context.fail(`cannot cut ${length} points into frames of ${points}, ${step} apart`);
  const onesided = getInt(context.node, "onesided", 1) !== 0;
  const frames = Math.floor((length - points) / step) + 1;
  const kept = onesided ? Math.floor(points / 2) + 1 : points;
  const result = [batch, frames, kept, 2];
  const inputs = window === undefined ? [signal] : [signal, window];
  return context.host([{ dtype, shape: result }], inputs, ([data, weights]) => {
    const values = valuesOf(data!);
    const factors = weights === undefined ? undefined : valuesOf(weights);
    const out = new Float64Array(elementCount(result));
    for (let frame = 0; frame < batch * frames; frame++) {
      const start = Math.floor(frame / frames) * length + (frame % frames) * step;
      const part = complexZeros(points);
      for (let n = 0; n < points; n++) {
        const factor = factors?.[n] ?? 1;
        part.re[n] = factor * values[(start + n) * parts]!;
        part.im[n] = parts === 2 ? factor * values[(start + n) * parts + 1]! : 0;
      }
      const { re, im } = transform(part);
      for (let k = 0; k < kept; k++) {
        out[(frame * kept + k) * 2] = re[k]!;
        out[(frame * kept + k) * 2 + 1] = im[k]!;
      }
    }
    return [castNumbers(dtype, result, out)];
  });
};

function windowOperator(coefficients: WindowCoefficients): Operator {
  return (context) => {
    const size = context.scalar(0);
    const dtype: DType = dtypeAttribute(context, "output_datatype", "float32");
    const periodic = getInt(context.node, "periodic", 1) !== 0;
    return [context.known(castNumbers(dtype, [size], cosineWindow(coefficients, size, periodic)))];
  };
}

const melWeightMatrix: Operator = (context) => {
  const [bands, dftLength, sampleRate] = [context.scalar(0), context.scalar(1), context.scalar(2)];
  const [lowest, highest] = [context.scalar(3), context.scalar(4)];
  const dtype = dtypeAttribute(context, "output_datatype", "float32");
  const weights = melWeights({ bands, dftLength, sampleRate, lowest, highest });
  return [context.known(castNumbers(dtype, [Math.floor(dftLength / 2) + 1, bands], weights))];
};

export const signals: OperatorTable = {
  DFT: dft,
  STFT: stft,
  HannWindow: windowOperator(hann),
  HammingWindow: windowOperator(hamming),
  BlackmanWindow: windowOperator(blackman),
  MelWeightMatrix: melWeightMatrix,
};
