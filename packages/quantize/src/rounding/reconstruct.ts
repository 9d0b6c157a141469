/**
 * AdaRound block by block, as BRECQ does it (Li et al. 2021): the choices, scales and biases of all layers of a block are learned
 * together, so that its result is that of the float model although its input is that of a model rounded so far.
 * Gradients are those of training; the loss is the mean squared error of the result, and what undecided weights cost.
 */
import type { Backend } from "@bitbudget/backend";
import { dequantize, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { copyModel, Graph, type ModelProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import {
  adam,
  type Batch,
  type Batches,
  createTrainer,
  type LossFunction,
  miniBatches,
} from "@bitbudget/train";
import { QuantizeError } from "../errors.ts";
import { layersOf } from "../layers.ts";
import { type Assignment, checkAssignment } from "../scheme.ts";
import { sharpness } from "./adaround.ts";
import { biasOf } from "./bias.ts";
import { type Block, blockModel, blocksOf } from "./blocks.ts";
import { codedWeight } from "./grid.ts";
import { roundedOf } from "./make-grid.ts";
import type { RoundedModel } from "./sequential.ts";
import { harden, type SoftWeight, soften } from "./soft-weights.ts";

export interface ReconstructOptions {
  readonly backend: Backend;
  /** Steps for each block. Default 300. */
  readonly steps?: number;
  /** Samples in a step. Default 32; a model with a fixed first axis has that. */
  readonly batch?: number;
  /** Samples that are kept in memory with the values between blocks, at most. Default 1024. */
  readonly samples?: number;
  /** Of choices. Default 0.1. */
  readonly learningRate?: number;
  /** Of scales and biases, relative to their size. Default 0.001. */
  readonly scaleRate?: number;
  /** What a weight that is not decided costs in units of its part of the error. Default 1. */
  readonly regularizer?: number;
  /** How far choices start from the float weight towards what it was rounded to, 0 to 1. Default 1. */
  readonly pull?: number;
  /** Layers in a block, at least. Default 2. */
  readonly layers?: number;
  /** Of the order of samples. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called when a block is done, with the error of its result before and after, relative to the float result. */
  readonly onBlock?: (block: Block, before: number, after: number) => void;
}

/**
 * Improves a model that was rounded.
 * @param model the float model that was rounded
 * @param rounded as `roundSequentially` gives it
 * @throws AssignmentError for layers that the model does not have, QuantizeError when there are no batches, NoGradientError
 * for a block with an operator that training has no gradient for, such as a recurrent layer: leave that out of the assignment
 */
export async function reconstructBlocks(
  model: ModelProto,
  rounded: RoundedModel,
  assignment: Assignment,
  batches: Batches,
  options: ReconstructOptions,
): Promise<RoundedModel> {
  const all = layersOf(Graph.of(model));
  checkAssignment(all, assignment);
  const chosen = all.filter(
    ({ name, graph, weights }) =>
      graph.outer === undefined &&
      assignment[name]?.weight !== undefined &&
      weights.some((each) => rounded.weights.has(each.name)),
  );
  let result = rounded;
  const samples = await collect(batches, options);
  // Values of the float model, and of the rounded one, at the start of the block.
  let float = samples;
  let current = samples;
  for (const block of blocksOf(model, chosen, options.layers ?? 2)) {
    options.signal?.throwIfAborted();
    const targets = await forward(blockModel(model, block), block, float, options.backend);
    const before = await forward(rewritten(result, block), block, current, options.backend);
    const learned = await learn(model, result, assignment, block, current, targets, options);
    const after = await forward(rewritten(learned, block), block, current, options.backend);
    const [first, last] = [before, after].map((found) => relativeError(found, targets, block));
    const isBetter = last! < first!;
    if (isBetter) result = learned;
    options.onBlock?.(block, first!, isBetter ? last! : first!);
    [float, current] = [next(samples, targets), next(samples, isBetter ? after : before)];
  }
  return result;
}

/** A batch of everything, or several where samples have no axis of their own. */
interface Samples {
  readonly batches: readonly Batch[];
  /** Samples in a step. */
  readonly size: number;
}

async function collect(
  batches: Batches,
  { samples = 1024, batch = 32 }: ReconstructOptions,
): Promise<Samples> {
  const kept: Batch[] = [];
  let count = 0;
  for await (const each of "epoch" in batches ? batches.epoch(0, 0) : batches) {
    if (count >= samples) break;
    kept.push({ feeds: each.feeds, targets: {} });
    count += Object.values(each.feeds)[0]?.shape[0] ?? 1;
  }
  if (kept.length === 0)
    throw new QuantizeError("there are no batches; blocks are reconstructed from samples");
  return { batches: kept, size: batch };
}

/** The values at the end of a block, beside the inputs of the model, which later blocks may need. */
function next(samples: Samples, results: readonly Readonly<Record<string, HostTensor>>[]): Samples {
  return {
    ...samples,
    batches: samples.batches.map(({ feeds }, i) => ({ feeds: { ...feeds, ...results[i] }, targets: {} })),
  };
}

async function forward(part: ModelProto, { outputs }: Block, { batches }: Samples, backend: Backend) {
  await using session = await createSession(part, { backend });
  const results: Record<string, HostTensor>[] = [];
  for (const { feeds } of batches) {
    const found = await session.run(only(part, feeds));
    results.push(Object.fromEntries(outputs.map((name) => [name, found[name]!])));
  }
  return results;
}

function only(part: ModelProto, feeds: Batch["feeds"]): Record<string, HostTensor> {
  return Object.fromEntries(Graph.of(part).inputs.map(({ name }) => [name, feeds[name]!]));
}

/** A block with the weights as they are rounded. */
function rewritten({ weights, model }: RoundedModel, block: Block): ModelProto {
  const part = blockModel(model, block);
  const graph = Graph.of(part);
  for (const [name, quantized] of weights) {
    if (!graph.initializers.has(name)) continue;
    const values = dequantize(quantized);
    graph.initializers.set(toTensorProto(tensor("float32", quantized.shape, values), name));
  }
  return part;
}

async function learn(
  float: ModelProto,
  given: RoundedModel,
  assignment: Assignment,
  block: Block,
  current: Samples,
  targets: readonly Readonly<Record<string, HostTensor>>[],
  options: ReconstructOptions,
): Promise<RoundedModel> {
  const result = { weights: new Map(given.weights), model: copyModel(given.model) };
  const {
    backend,
    steps = 300,
    learningRate = 0.1,
    scaleRate = 0.001,
    pull = 1,
    regularizer = 1,
    seed = 0,
  } = options;
  const part = blockModel(result.model, block);
  const graph = Graph.of(part);
  const soft: SoftWeight[] = [];
  const biases = new Map<string, number>();
  for (const layer of block.layers) {
    const bias = biasOf(graph, layer);
    if (bias !== undefined) biases.set(bias, size(graph, bias));
    for (const { name } of layer.weights) {
      const quantized = result.weights.get(name);
      if (quantized === undefined || soft.some(({ weight }) => weight === name)) continue;
      const values = tensorValue(Graph.of(float).initializers.get(name)!) as HostTensor<"float32">;
      const rounded = roundedOf(quantized, assignment[layer.name]?.weight?.bits);
      soft.push(soften(graph, name, rounded, values.data, pull));
    }
  }
  const first = targets[0]!;
  const power = block.outputs.map((name) => meanSquare(first[name]!));
  await using trainer = await createTrainer(part, {
    backend,
    statistics: "frozen",
    loss: blockLoss(block.outputs, power, soft),
    optimizer: adam({ learningRate }),
    parameters: [...soft.flatMap(({ logits, factors }) => [logits, factors]), ...biases.keys()],
    groups: [
      { parameters: soft.map(({ factors }) => factors), learningRate: scaleRate, minimum: 0.1 },
      ...Array.from(biases, ([name, rms]) => ({ parameters: [name], learningRate: scaleRate * rms })),
    ],
  });
  let step = 0;
  for await (const batch of endless(part, block, current, targets, seed)) {
    if (step === steps) break;
    options.signal?.throwIfAborted();
    const beta = sharpness(step++, steps);
    const scalar = (x: number) => tensor("float32", [1], Float32Array.of(x));
    const asked = { [SHARPNESS]: scalar(beta ?? 2), [PENALTY]: scalar(beta === undefined ? 0 : regularizer) };
    await trainer.step({ feeds: batch.feeds, targets: { ...batch.targets, ...asked } });
  }
  for (const each of soft) {
    const [logits, factors] = [each.logits, each.factors].map((name) => trainer.parameters.get(name)!.data);
    result.weights.set(each.weight, codedWeight(harden(each, logits!, factors!)));
  }
  const { initializers } = Graph.of(result.model);
  for (const name of biases.keys()) {
    const { shape, data } = trainer.parameters.get(name)!;
    initializers.set(toTensorProto(tensor("float32", shape, data.slice()), name));
  }
  return result;
}

const SHARPNESS = "bitbudget.sharpness";
const PENALTY = "bitbudget.penalty";

/** The mean squared error of the results in units of their mean square, and the mean over weights of 1 - |2h - 1|^sharpness. */
function blockLoss(
  outputs: readonly string[],
  power: readonly number[],
  soft: readonly SoftWeight[],
): LossFunction {
  return ({ ops, value, target }) => {
    const one = { dtype: "float32", shape: [1] } as const;
    const all = (shape: readonly number[]) => shape.map((_, axis) => axis);
    const errors = outputs.map((name, i) => {
      const y = value(name);
      const difference = ops.sub(y, target(`target of ${name}`, y));
      const sum = ops.reshape(ops.sum(ops.mul(difference, difference), all(y.shape)), [1]);
      return ops.scale(sum, 1 / (elementCount(y.shape) * (power[i] || 1)));
    });
    const [sharp, penalty] = [target(SHARPNESS, one), target(PENALTY, one)];
    const decided = soft.map(({ choice }) => {
      const h = value(choice);
      const away = ops.unary("Abs", ops.shift(ops.scale(h, 2), -1));
      return ops.reshape(ops.sum(ops.pow(away, sharp), all(h.shape)), [1]);
    });
    const count = soft.reduce((sum, { lows }) => sum + lows.length, 0);
    const part = ops.scale(
      decided.reduce((a, b) => ops.add(a, b)),
      -1 / count,
    );
    return ops.add(
      errors.reduce((a, b) => ops.add(a, b)),
      ops.mul(penalty, ops.shift(part, 1)),
    );
  };
}

/** Batches of samples in random order, again and again. */
async function* endless(
  part: ModelProto,
  { outputs }: Block,
  { batches, size }: Samples,
  targets: readonly Readonly<Record<string, HostTensor>>[],
  seed: number,
): AsyncGenerator<Batch> {
  const given = batches.map(({ feeds }, i) => ({
    feeds: only(part, feeds),
    targets: Object.fromEntries(outputs.map((name) => [`target of ${name}`, targets[i]![name]!])),
  }));
  const joined = joinSamples(given);
  const count = joined === undefined ? 0 : sampleCount(joined);
  for (let epoch = 0; ; epoch++) {
    if (joined === undefined) yield* given;
    else yield* miniBatches(joined, { size: Math.min(size, count), seed }).epoch(epoch, 0);
  }
}

function sampleCount({ feeds }: Batch): number {
  return Object.values(feeds)[0]?.shape[0] ?? 1;
}

/** One batch of all samples, where each tensor has an axis of them. */
function joinSamples(batches: readonly Batch[]): Batch | undefined {
  const count = sampleCount(batches[0]!);
  const isApart = batches.some(({ feeds, targets }) =>
    [...Object.values(feeds), ...Object.values(targets)].some(
      ({ shape, dtype }) =>
        shape[0] !== sampleCount({ feeds, targets }) || (dtype !== "float32" && dtype !== "int64"),
    ),
  );
  // A batch of one may be all that the model takes.
  if (isApart || count === 1) return undefined;
  const join = (pick: (batch: Batch) => Batch["feeds"]) =>
    Object.fromEntries(
      Object.keys(pick(batches[0]!)).map((name) => [name, joined(batches.map((each) => pick(each)[name]!))]),
    );
  return { feeds: join(({ feeds }) => feeds), targets: join(({ targets }) => targets) };
}

function joined(tensors: readonly HostTensor[]): HostTensor {
  const [first] = tensors;
  const samples = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const shape = [samples, ...first!.shape.slice(1)];
  if (first!.dtype === "int64") {
    const data = new BigInt64Array(elementCount(shape));
    let at = 0;
    for (const each of tensors) {
      data.set(each.data as BigInt64Array, at);
      at += each.data.length;
    }
    return tensor("int64", shape, data);
  }
  const data = new Float32Array(elementCount(shape));
  let at = 0;
  for (const each of tensors) {
    data.set(each.data as Float32Array, at);
    at += each.data.length;
  }
  return tensor("float32", shape, data);
}

function size(graph: Graph, name: string): number {
  return Math.sqrt(meanSquare(tensorValue(graph.initializers.get(name)!))) || 0.01;
}

function meanSquare(x: HostTensor): number {
  const values = valuesOf(x);
  let sum = 0;
  for (const each of values) sum += each * each;
  return sum / Math.max(1, values.length);
}

function relativeError(
  found: readonly Readonly<Record<string, HostTensor>>[],
  targets: readonly Readonly<Record<string, HostTensor>>[],
  { outputs }: Block,
): number {
  let [noise, signal] = [0, 0];
  for (const [i, each] of found.entries())
    for (const name of outputs) {
      const [y, target] = [valuesOf(each[name]!), valuesOf(targets[i]![name]!)];
      for (let at = 0; at < y.length; at++) {
        noise += (y[at]! - target[at]!) ** 2;
        signal += target[at]! ** 2;
      }
    }
  return noise / signal;
}
