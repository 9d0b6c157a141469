/** Times of a small list of larger specs: what a backend is for, in figures that compare from backend to backend. */
import {
  type AnySpec,
  type Arithmetic,
  type Backend,
  costOf,
  medianMs,
  type Timing,
  TimingError,
  type TimingPlan,
} from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, defineCase, makeTensors } from "./case.ts";
import { shaped } from "./cases/helpers.ts";
import { weightedData } from "./cases/weighted.ts";

const int8 = { dtype: "int8", granularity: { kind: "channel" } } as const;
const int4 = { dtype: "int4", granularity: { kind: "block", size: 32 } } as const;
type Attributes = Parameters<typeof weightedData>[1];

const formats: readonly (readonly [name: string, activation: DType, attributes: Attributes])[] = [
  ["float32", "float32", { weight: { dtype: "float32" }, output: "float32", bias: "float32" }],
  ["uint8xint8", "uint8", { weight: int8, output: "uint8", bias: "int32" }],
  ["float32xint4", "float32", { weight: int4, output: "float32" }],
  [
    "dynamic-int8xint4",
    "float32",
    { weight: int4, output: "float32", dynamic: { dtype: "int8", granularity: "block" } },
  ],
];

function linear(rows: number, depth: number, channels: number): Case[] {
  return formats.map(([name, activation, attributes]) =>
    defineCase(
      `time/linear/${name}/${rows}x${depth}to${channels}`,
      { op: "linear", inputs: [shaped(activation, rows, depth)], attributes: { ...attributes, channels } },
      weightedData(activation, attributes, depth),
    ),
  );
}

function conv2d(kind: string, size: number, channels: number, kernel: 1 | 3, groups: number): Case[] {
  const pad = (kernel - 1) / 2;
  return formats.slice(0, 2).map(([name, activation, attributes]) =>
    defineCase(
      `time/conv2d/${name}/${kind}-${size}x${size}x${channels}`,
      {
        op: "conv2d",
        inputs: [shaped(activation, 1, size, size, channels)],
        attributes: {
          ...attributes,
          channels,
          groups,
          layout: "nhwc",
          kernel: [kernel, kernel],
          strides: [1, 1],
          dilations: [1, 1],
          pads: [pad, pad, pad, pad],
        },
      },
      weightedData(activation, attributes, (channels / groups) * kernel * kernel),
    ),
  );
}

const scalar = { kind: "tensor" } as const;

/** What is timed: the shapes in which models spend their time, small enough for the slowest backend. */
export const timeCases: readonly Case[] = [
  ...linear(1, 1024, 1024),
  ...linear(32, 256, 256),
  ...conv2d("3x3", 28, 32, 3, 1),
  ...conv2d("1x1", 28, 64, 1, 1),
  ...conv2d("depthwise3x3", 28, 144, 3, 144),
  defineCase("time/matmul/float32/64x64by64x64", {
    op: "matmul",
    inputs: [shaped("float32", 4, 64, 64), shaped("float32", 4, 64, 64)],
    attributes: { output: "float32" },
  }),
  defineCase("time/quantize/float32-int8/65536", {
    op: "quantize",
    inputs: [shaped("float32", 65536)],
    attributes: { dtype: "int8", granularity: scalar },
  }),
  defineCase("time/dequantize/int8-float32/65536", {
    op: "dequantize",
    inputs: [shaped("int8", 65536)],
    attributes: { output: "float32", granularity: scalar },
  }),
  defineCase("time/binary/add/float32/65536", {
    op: "binary",
    inputs: [shaped("float32", 65536), shaped("float32", 65536)],
    attributes: { function: "add" },
  }),
  defineCase("time/softmax/float32/64x512", {
    op: "softmax",
    inputs: [shaped("float32", 64, 512)],
    attributes: { axis: 1 },
  }),
  defineCase("time/layerNorm/float32/64x512", {
    op: "layerNorm",
    inputs: [shaped("float32", 64, 512)],
    attributes: { axis: 1, epsilon: 1e-5, bias: true },
  }),
];

export type TimeResult =
  | {
      readonly status: "timed";
      readonly id: string;
      readonly arithmetic: Arithmetic;
      readonly medianMs: number;
      /** Billions of multiply-adds (two operations each) and of bytes (inputs, weights, outputs) a second. */
      readonly gmacPerSecond: number;
      readonly gbPerSecond: number;
      readonly timing: Timing;
    }
  | { readonly status: "refused" | "untimed"; readonly id: string; readonly reason: string };

/** Times one case. A clock that is too coarse is a reason, never a figure. */
export async function timeCase(backend: Backend, testCase: Case, plan?: TimingPlan): Promise<TimeResult> {
  const { id, spec } = testCase;
  const support = backend.supports(spec);
  if (!support.supported) return { status: "refused", id, reason: support.reason };
  const { inputs, weights } = makeTensors(testCase);
  using kernel = await backend.prepare<AnySpec["op"]>(spec, weights);
  const from = inputs.map((input) => backend.create(input, input.data));
  const to = kernel.outputs.map((type) => backend.create(type));
  try {
    const timing = await backend.time(kernel, from, to, plan);
    const median = medianMs(timing);
    const { operations, inputBytes, weightBytes, outputBytes } = costOf<AnySpec["op"]>(spec);
    return {
      status: "timed",
      id,
      arithmetic: support.arithmetic,
      medianMs: median,
      gmacPerSecond: operations / 2 / median / 1e6,
      gbPerSecond: (inputBytes + weightBytes + outputBytes) / median / 1e6,
      timing,
    };
  } catch (error) {
    if (error instanceof TimingError) return { status: "untimed", id, reason: error.message };
    throw error;
  } finally {
    for (const tensor of [...from, ...to]) tensor.dispose();
  }
}
