/** What a model gives here and in onnxruntime, and how far the two are apart. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import {
  findAttribute,
  type GraphProto,
  getInt,
  type ModelProto,
  type NodeProto,
  subgraphsOf,
} from "@bitbudget/onnx";
import type { Feeds, Results } from "../../src/index.ts";
import type { RealModel } from "./real-models.ts";

/** The results of all runs of a model, outputs of one run fed to the next where the model says so. */
export async function runAll(
  { carry = {} }: RealModel,
  feeds: readonly Feeds[],
  run: (feeds: Feeds) => Promise<Results>,
): Promise<Results[]> {
  const all: Results[] = [];
  let carried: Record<string, HostTensor> = {};
  for (const each of feeds) {
    const results = await run({ ...each, ...carried });
    all.push(results);
    carried = Object.fromEntries(
      Object.entries(carry).flatMap(([output, input]) => {
        const value = results[output];
        return value === undefined ? [] : [[input, value]];
      }),
    );
  }
  return all;
}

export interface Distance {
  readonly elements: number;
  readonly largest: number;
  /** Root mean square. */
  readonly rms: number;
  /** Largest magnitude of the reference. */
  readonly magnitude: number;
  /** Rows along the last dimension, and those whose largest element is in the same place. */
  readonly predictions: number;
  readonly equalPredictions: number;
  /** Elements that are not equal. */
  readonly differing: number;
}

/** @param step elements closer than half of it are equal */
export function distance(actual: readonly Results[], expected: readonly Results[], step = 0): Distance {
  let [elements, largest, squares, magnitude, predictions, equalPredictions, differing] = [
    0, 0, 0, 0, 0, 0, 0,
  ];
  for (const [run, results] of expected.entries())
    for (const [name, wanted] of Object.entries(results)) {
      const given = actual[run]?.[name];
      if (given === undefined || given.shape.join() !== wanted.shape.join() || given.dtype !== wanted.dtype)
        throw new Error(
          `${name} is ${given?.dtype} [${given?.shape}], not ${wanted.dtype} [${wanted.shape}]`,
        );
      const [a, b] = [valuesOf(given), valuesOf(wanted)];
      for (let i = 0; i < b.length; i++) {
        const apart = Math.abs(a[i]! - b[i]!);
        // NaN on one side alone stays NaN and passes no bound.
        if (!(apart <= largest)) largest = apart;
        if (apart > step / 2) differing++;
        squares += apart * apart;
        magnitude = Math.max(magnitude, Math.abs(b[i]!));
      }
      elements += b.length;
      const width = wanted.shape.at(-1) ?? 1;
      for (let row = 0; row < b.length; row += width) {
        predictions++;
        if (largestAt(a, row, width) === largestAt(b, row, width)) equalPredictions++;
      }
    }
  const rms = Math.sqrt(squares / elements);
  return { elements, largest, rms, magnitude, predictions, equalPredictions, differing };
}

function largestAt(values: ArrayLike<number>, from: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (values[from + i]! > values[from + best]!) best = i;
  return best;
}

/**
 * How far two evaluations of a float model may be apart. A sum of K terms in float32 has an error of about
 * sqrt(K) * 2^-24 of its size (Higham and Mary 2019, "A new approach to probabilistic rounding error analysis"), any
 * other step one of 2^-24. The errors of all nodes add up, and there are two evaluations. That no layer magnifies what it
 * receives is the assumption.
 */
export function floatBound(model: ModelProto, magnitude: number): number {
  const { graph } = model;
  const roundings = graph === undefined ? 0 : graphRoundings(graph);
  return 2 * roundings * 2 ** -24 * magnitude;
}

function graphRoundings(graph: GraphProto): number {
  const shapes = new Map(graph.initializer.map(({ name, dims }) => [name, dims.map(Number)]));
  return graph.node.reduce((sum, node) => {
    const bodies = subgraphsOf(node).map(graphRoundings);
    return sum + Math.sqrt(terms(node, shapes)) + bodies.reduce((total, each) => total + each, 0);
  }, 0);
}

/** Terms of a sum that no constant tells the length of: as long as any in these models. */
const LONGEST = 256;

function terms(node: NodeProto, shapes: ReadonlyMap<string, readonly number[]>): number {
  const weights = shapes.get(node.input[1] ?? "") ?? [];
  const [first = LONGEST, ...others] = weights;
  switch (node.opType) {
    case "Conv":
      return others.reduce((product, size) => product * size, 1);
    case "Gemm":
      return findAttribute(node, "transB") === undefined ? first : (others[0] ?? LONGEST);
    case "MatMul":
      return first;
    case "MatMulNBits":
      return getInt(node, "K");
    case "LSTM":
      return LONGEST;
    default:
      return 1;
  }
}

/** The scale in which the first output of a quantized model is decoded from codes; undefined where it is not. */
export function outputStep({ graph }: ModelProto, constant: (name: string) => number): number | undefined {
  let name = graph?.output[0]?.name;
  for (;;) {
    const node = graph?.node.find(({ output }) => output[0] === name);
    if (node === undefined) return undefined;
    if (node.opType === "DequantizeLinear") return constant(node.input[1] ?? "");
    if (node.opType !== "Flatten" && node.opType !== "Reshape") return undefined;
    name = node.input[0];
  }
}

/** Mean negative log-likelihood of the tokens that follow, in nats: how good a language model is. Zeros at the end pad. */
export function nats(logits: HostTensor, ids: HostTensor): number {
  const [values, tokens] = [Float64Array.from(valuesOf(logits)), valuesOf(ids)];
  const width = logits.shape.at(-1) ?? 1;
  let sum = 0;
  let count = 0;
  const last = tokens.findLastIndex((token) => token !== 0);
  for (let t = 0; t < last; t++, count++) {
    const row = values.subarray(t * width, (t + 1) * width);
    const top = row.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
    const total = row.reduce((all, x) => all + Math.exp(x - top), 0);
    sum += top + Math.log(total) - row[tokens[t + 1]!]!;
  }
  return sum / count;
}
