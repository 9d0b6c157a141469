/** softmax and normalizations of rows and columns of every length around vectors. */
import { defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const lengths = [1, 2, 3, 4, 5, 8, 11, 16, 19, 39];
const statistics = {
  scale: { min: 0.5, max: 1.5 },
  bias: { min: -1, max: 1 },
  mean: { min: -1, max: 1 },
  variance: { min: 0.25, max: 2 },
} as const;

function float32(...shape: readonly number[]) {
  return { dtype: "float32", shape } as const;
}

describeInPieces(
  lengths.flatMap((n) => [
    ...[false, true].flatMap((log) => [
      defineCase(`softmax rows of ${n}${log ? ", log" : ""}`, {
        op: "softmax",
        inputs: [float32(7, n)],
        attributes: { axis: 1, log },
      }),
      defineCase(`softmax columns, ${n} side by side${log ? ", log" : ""}`, {
        op: "softmax",
        inputs: [float32(3, 9, n)],
        attributes: { axis: 1, log },
      }),
    ]),
    ...[false, true].map((rms) =>
      defineCase(
        `layerNorm rows of ${n}${rms ? ", rms" : ""}`,
        {
          op: "layerNorm",
          inputs: [float32(7, n)],
          attributes: { axis: 1, epsilon: 1e-5, rms, bias: !rms },
        },
        { weights: statistics },
      ),
    ),
    ...(["nchw", "nhwc"] as const).map((layout) =>
      defineCase(
        `batchNorm ${layout}, ${n} side by side`,
        {
          op: "batchNorm",
          inputs: [layout === "nchw" ? float32(2, 3, n, 1) : float32(2, 2, 3, n)],
          attributes: { epsilon: 1e-5, layout },
        },
        { weights: statistics },
      ),
    ),
  ]),
);
