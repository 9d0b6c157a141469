/**
 * ConvTranspose as a convolution: with stride s, every s-th output element sees the same filter taps, so s filters for
 * each axis make all of them at once and only have to be interleaved (Shi et al. 2016, "Is the deconvolution layer the
 * same as a convolutional layer?"). No multiplication by inserted zeros.
 */
import { windowCount } from "@bitbudget/backend";
import { elementCount, type HostTensor } from "@bitbudget/core";
import { getInt, getInts, getString } from "@bitbudget/onnx";
import { indicesOf } from "../host/convolution.ts";
import { NOWHERE, pick } from "../host/elements.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { biased, floatConv } from "./conv.ts";
import { convolutionProduct, hasProduct } from "./convolution-products.ts";
import { slice, transpose } from "./moves.ts";
import { isKnown } from "./weights.ts";
import type { Windows } from "./windows.ts";

/** One spatial axis: output position o is position o + crop of the interleaved convolution. */
interface Axis {
  readonly input: number;
  readonly stride: number;
  readonly dilation: number;
  /** Taps of the filter, and of each of the `stride` filters that it is split into. */
  readonly taps: number;
  /** What is left out of the whole result. */
  readonly begin: number;
  readonly end: number;
  readonly split: number;
  readonly before: number;
  readonly after: number;
  readonly crop: number;
  readonly output: number;
}

export const convTranspose: Operator = (context) => {
  const x = context.input(0);
  const filter = context.input(1);
  const [batch = 0, inputs = 0, ...spatial] = x.type.shape;
  const [fromWeight = 0, perGroup = 0, ...window] = filter.type.shape;
  const groups = getInt(context.node, "group", 1);
  if (
    spatial.length < 1 ||
    window.length !== spatial.length ||
    fromWeight !== inputs ||
    inputs % groups !== 0
  )
    context.fail(
      `has ${inputs} input channels and filters of [${filter.type.shape.join(", ")}] in ${groups} groups`,
    );
  const axes = axesOf(context, spatial, window);
  const bias = context.inputs[2];
  const transposed = windowsOver(axes);
  if (!isKnown(filter) && hasProduct(x, transposed) && transposed.counts.join() === spatial.join()) {
    const size = axes.map(({ output }) => output);
    const product = { wants: "input", groups, windows: transposed, size } as const;
    return [biased(context, convolutionProduct(context, x, filter, product), bias, 1)];
  }
  const weight = context.constantOf(filter);
  const channels = perGroup * groups;
  const phases = elementCount(axes.map(({ stride }) => stride));
  const filters = context.derived(weight, `${groups} groups ${JSON.stringify(axes.map(filterOf))}`, () =>
    splitFilters(weight, groups, axes),
  );
  const spread = bias === undefined ? undefined : repeatEach(context, bias, phases);
  const ones = axes.map(() => 1);
  const counts = axes.map(({ input, split, before, after }) => input + before + after - split + 1);
  const windows = {
    kernel: axes.map(({ split }) => split),
    strides: ones,
    dilations: ones,
    before: axes.map(({ before }) => before),
    after: axes.map(({ after }) => after),
    ceil: false,
    counts,
  };
  const shape = { layout: "nchw", channels: channels * phases, groups, windows } as const;
  const y = interleave(context, floatConv(context, x, filters, shape, spread), batch, channels, axes, counts);
  const starts = [0, 0, ...axes.map(({ crop }) => crop)];
  const sizes = [batch, channels, ...axes.map(({ output }) => output)];
  return [
    slice(
      context,
      y,
      starts,
      sizes.map(() => 1),
      sizes,
    ),
  ];
};

/** The windows of the convolution that this is the transpose of: it has the result for its input. */
function windowsOver(axes: readonly Axis[]): Windows {
  return {
    kernel: axes.map(({ taps }) => taps),
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    before: axes.map(({ begin }) => begin),
    after: axes.map(({ end }) => end),
    ceil: false,
    counts: axes.map(({ output, taps, stride, dilation, begin, end }) =>
      windowCount(output, taps, stride, dilation, begin, end),
    ),
  };
}

/** What the split filters depend on. */
function filterOf({ stride, dilation }: Axis): readonly number[] {
  return [stride, dilation];
}

function axesOf(context: Lowering, spatial: readonly number[], window: readonly number[]): Axis[] {
  const { node } = context;
  const rank = spatial.length;
  const list = (name: string, length: number, fallback: number) => {
    const values = getInts(node, name, []);
    return values.length === 0 ? new Array<number>(length).fill(fallback) : values;
  };
  const [strides, dilations] = [list("strides", rank, 1), list("dilations", rank, 1)];
  const [extra, pads] = [list("output_padding", rank, 0), list("pads", 2 * rank, 0)];
  const outputShape = getInts(node, "output_shape", []).slice(-rank);
  const autoPad = getString(node, "auto_pad", "NOTSET");
  const isSame = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
  return spatial.map((input, i) => {
    const [stride, dilation, taps] = [strides[i]!, dilations[i]!, window[i]!];
    const extent = (taps - 1) * dilation + 1;
    const whole = stride * (input - 1) + extra[i]! + extent;
    let [begin, end] = autoPad === "VALID" ? [0, 0] : [pads[i]!, pads[rank + i]!];
    let output = outputShape[i];
    if (output !== undefined || isSame) {
      output ??= input * stride;
      const total = Math.max(0, whole - output);
      begin = autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
      end = total - begin;
    }
    output ??= whole - begin - end;
    if (output < 1) context.fail(`leaves ${output} elements of spatial axis ${i}`);
    const split = Math.ceil(extent / stride);
    // Whole rounds of the stride that are cropped are not computed; those that are missing are computed from padding.
    const skipped = Math.min(split - 1, Math.floor(begin / stride));
    const before = split - 1 - skipped;
    const crop = begin - skipped * stride;
    const rounds = Math.max(Math.ceil((crop + output) / stride), input + before - split + 1);
    return {
      input,
      stride,
      dilation,
      taps,
      begin,
      end,
      split,
      before,
      after: rounds - (input + before - split + 1),
      crop,
      output,
    };
  });
}

/** Filters [channels x phases, inputs of a group, ...split] from [inputs, channels of a group, ...window]. */
function splitFilters(weight: HostTensor, groups: number, axes: readonly Axis[]): HostTensor {
  const [inputs = 0, perGroup = 0] = weight.shape;
  const inputsOfGroup = inputs / groups;
  const phases = indicesOf(axes.map(({ stride }) => stride));
  const places = indicesOf(axes.map(({ split }) => split));
  const area = elementCount(weight.shape.slice(2));
  const positions: number[] = [];
  for (let group = 0; group < groups; group++)
    for (let channel = 0; channel < perGroup; channel++)
      for (const phase of phases)
        for (let input = 0; input < inputsOfGroup; input++) {
          const filter = ((group * inputsOfGroup + input) * perGroup + channel) * area;
          for (const place of places) {
            const tap = tapAt(phase, place, axes);
            positions.push(tap === NOWHERE ? NOWHERE : filter + tap);
          }
        }
  const shape = [groups * perGroup * phases.length, inputsOfGroup, ...axes.map(({ split }) => split)];
  return pick(weight, shape, positions);
}

/** The tap of the filter that a place of a split filter has, NOWHERE for a zero. */
function tapAt(phase: readonly number[], place: readonly number[], axes: readonly Axis[]): number {
  let tap = 0;
  for (const [i, { stride, dilation, taps, split }] of axes.entries()) {
    const distance = (split - 1 - place[i]!) * stride + phase[i]!;
    if (distance % dilation !== 0 || distance / dilation >= taps) return NOWHERE;
    tap = tap * taps + distance / dilation;
  }
  return tap;
}

/** [n] with each element `times` times in a row. */
function repeatEach(context: Lowering, vector: Value, times: number): Value {
  const [length = 0] = vector.type.shape;
  if (times === 1) return vector;
  if (vector.constant !== undefined) {
    const positions = Array.from({ length: length * times }, (_, i) => Math.floor(i / times));
    const { constant } = vector;
    return context.known(
      context.derived(constant, `each ${times} times`, () => pick(constant, [length * times], positions)),
    );
  }
  const column = context.reshape(vector, [length, 1]);
  const spec = { op: "expand", inputs: [column.type], attributes: { shape: [length, times] } } as const;
  return context.reshape(context.kernel(spec, [column]), [length * times]);
}

/** [batch, channels x strides, ...counts] as [batch, channels, ...(counts x strides)]. */
function interleave(
  context: Lowering,
  y: Value,
  batch: number,
  channels: number,
  axes: readonly Axis[],
  counts: readonly number[],
): Value {
  const strides = axes.map(({ stride }) => stride);
  const rank = axes.length;
  const apart = context.reshape(y, [batch, channels, ...strides, ...counts]);
  const perm = [0, 1, ...axes.flatMap((_, i) => [2 + rank + i, 2 + i])];
  const whole = counts.map((count, i) => count * strides[i]!);
  return context.reshape(transpose(context, apart, perm), [batch, channels, ...whole]);
}
