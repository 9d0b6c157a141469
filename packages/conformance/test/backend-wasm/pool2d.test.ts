/** Pools of every number of channels around vectors and blocks of them, with NaN, infinities and zeros of both signs. */
import type { Pool2dAttributes } from "@bitbudget/backend";
import { type Case, type CaseData, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

function pool(
  dtype: "float32" | "uint8" | "int8",
  kind: Pool2dAttributes["kind"],
  layout: Pool2dAttributes["layout"],
  channels: number,
  attributes: Partial<Pool2dAttributes> = {},
  data?: CaseData,
): Case {
  const shape = layout === "nhwc" ? [2, 5, 7, channels] : [2, channels, 5, 7];
  const plain = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
  return defineCase(
    `${kind} of ${channels} channels, ${dtype} ${layout} ${JSON.stringify(attributes)}${data ? " special" : ""}`,
    { op: "pool2d", inputs: [{ dtype, shape }], attributes: { ...plain, ...attributes, kind, layout } },
    data,
  );
}

/** Windows whose largest element is 0 of either sign, NaN of either sign, or infinite. */
const special = {
  values: [
    -0,
    -0,
    -1,
    0,
    -0,
    -2,
    Number.NaN,
    1,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    -3,
    -0,
  ],
};
const zeros = { values: [-0, -0, -0, -1, -0, -0, 0] };
const whole = { kernel: [5, 7], strides: [1, 1], pads: [0, 0, 0, 0] } as const;

describeInPieces([
  ...[1, 3, 4, 15, 16, 17, 20, 31, 35, 64, 69].flatMap((channels) => [
    pool("float32", "max", "nhwc", channels),
    pool("float32", "average", "nhwc", channels, { countIncludePad: channels % 2 === 0 }),
    pool("uint8", "max", "nhwc", channels),
    pool("int8", "max", "nhwc", channels, { dilations: [1, 2], ceil: true, pads: [0, 0, 0, 0] }),
  ]),
  ...[1, 9].flatMap((channels) => [
    pool("float32", "max", "nchw", channels, { strides: [1, 1] }),
    pool("float32", "average", "nchw", channels, { dilations: [2, 1] }),
    pool("int8", "max", "nchw", channels),
    pool("float32", "max", "nchw", channels, whole),
    pool("float32", "average", "nchw", channels, whole),
    pool("float32", "average", "nhwc", channels, whole),
  ]),
  ...[special, zeros].flatMap((values) => [
    pool("float32", "max", "nhwc", 3, {}, { inputs: [values] }),
    pool("float32", "max", "nhwc", 32, {}, { inputs: [values] }),
    pool("float32", "max", "nhwc", 37, {}, { inputs: [values] }),
    pool("float32", "max", "nchw", 5, whole, { inputs: [values] }),
  ]),
]);
