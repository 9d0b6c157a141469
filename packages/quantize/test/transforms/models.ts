/** Small models, and runs of them, for the tests of transforms. */
import { open } from "@bitbudget/backend-js";
import { type HostTensor, minMax, tensor, valuesOf } from "@bitbudget/core";
import {
  type AttributeValue,
  create,
  Graph,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  OperatorSetIdProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession, type Feeds } from "@bitbudget/runtime";
import { randomNumbers } from "@bitbudget/train";
import type { Calibration, ChannelStatistics } from "../../src/index.ts";

export interface Operation {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A model of opset 21 with one input "x" and one output, that of the last operation. */
export function modelOf(
  inputShape: readonly (number | string)[],
  constants: Readonly<Record<string, HostTensor>>,
  operations: readonly Operation[],
): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: 21n })],
    graph: create(GraphProtoSchema, {
      name: "test",
      node: operations.map(({ op, inputs, output, attributes = {} }) =>
        makeNode(op, inputs, [output], { name: output, attributes }),
      ),
      initializer: Object.entries(constants).map(([name, value]) => toTensorProto(value, name)),
      input: [makeValueInfo("x", "float32", inputShape)],
      output: [makeValueInfo(operations.at(-1)?.output ?? "", "float32")],
    }),
  });
}

/** Numbers that are about normal, from a seed; channels along an axis have sizes that differ by powers of 10. */
export function randomTensor(
  seed: number,
  shape: readonly number[],
  spreadAxis?: number,
): HostTensor<"float32"> {
  const random = randomNumbers(seed, 1);
  const count = shape.reduce((a, b) => a * b, 1);
  const inner = spreadAxis === undefined ? 1 : shape.slice(spreadAxis + 1).reduce((a, b) => a * b, 1);
  const channels = spreadAxis === undefined ? 1 : (shape[spreadAxis] ?? 1);
  const sizes = Array.from({ length: channels }, () =>
    spreadAxis === undefined ? 1 : 10 ** (2 * random() - 1),
  );
  const data = Float32Array.from(
    { length: count },
    (_, i) => (random() + random() + random() - 1.5) * 2 * sizes[Math.floor(i / inner) % channels]!,
  );
  return tensor("float32", shape, data);
}

export async function runModel(
  model: ModelProto,
  feeds: Feeds,
  capture: readonly string[] = [],
): Promise<Record<string, HostTensor>> {
  await using backend = await open();
  await using session = await createSession(model, { backend });
  return await session.run(feeds, { capture });
}

export async function outputOf(model: ModelProto, feeds: Feeds): Promise<Float64Array> {
  const results = await runModel(model, feeds);
  return Float64Array.from(valuesOf(Object.values(results)[0]!));
}

/** The largest difference, relative to the largest number. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [most, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(a[i]!));
  }
  return a.length === b.length && Number.isFinite(size) ? most / (size || 1) : Number.POSITIVE_INFINITY;
}

/** Statistics of all values of a model in one run. */
export async function observe(model: ModelProto, feeds: Feeds): Promise<Calibration> {
  const names = Graph.of(model).nodes.flatMap(({ output }) => output);
  const seen: Record<string, HostTensor> = { ...feeds, ...(await runModel(model, feeds, names)) };
  return {
    samples: Object.values(feeds)[0]?.shape[0] ?? 0,
    names: Object.keys(seen),
    value(name) {
      const value = seen[name]!;
      const numbers = valuesOf(value);
      return {
        name,
        count: numbers.length,
        range() {
          const observer = minMax();
          observer.observe(numbers);
          return observer.range();
        },
        channels: channelsOf(value),
      };
    },
  };
}

function channelsOf(value: HostTensor): ChannelStatistics {
  const { shape } = value;
  const axis = shape.length === 4 ? 1 : shape.length - 1;
  const channels = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const numbers = valuesOf(value);
  const parts = Array.from({ length: channels }, (_, c) =>
    Float64Array.from(numbers).filter((_, i) => Math.floor(i / inner) % channels === c),
  );
  const of = (f: (part: Float64Array) => number) => Float32Array.from(parts, f);
  return {
    axis: axis === 1 && shape.length === 4 ? 1 : -1,
    count: numbers.length / channels,
    min: of((part) => Math.min(...part)),
    max: of((part) => Math.max(...part)),
    mean: of((part) => part.reduce((a, b) => a + b, 0) / part.length),
    meanSquare: of((part) => part.reduce((a, b) => a + b * b, 0) / part.length),
  };
}

const floats = (shape: readonly number[], values: readonly number[]) =>
  tensor("float32", shape, Float32Array.from(values));

export { floats };
