/** Models of one node, and what they give on backend-js. */
import { open } from "@bitbudget/backend-js";
import type { DType, HostTensor } from "@bitbudget/core";
import {
  type AttributeValue,
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession, type Results } from "../../src/index.ts";

export interface OneNode {
  readonly opType: string;
  /** Default: the standard operators. */
  readonly domain?: string;
  /** Of the standard operators. Default 21. */
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Undefined: left out. */
  readonly inputs: readonly (HostTensor | undefined)[];
  /** Indices of the inputs that are initializers instead of feeds. */
  readonly constants?: readonly number[];
  /** Formats of the outputs, which are named y0, y1, ...; undefined: left out. */
  readonly outputs: readonly (DType | undefined)[];
}

/** The model, and the feeds for it. Inputs are named x0, x1, ... */
export function oneNode(options: OneNode): { model: ModelProto; feeds: Record<string, HostTensor> } {
  const { opType, domain = "", opset = 21, attributes = {}, inputs, constants = [], outputs } = options;
  const given = inputs.flatMap((tensor, i) => (tensor === undefined ? [] : [{ name: `x${i}`, tensor, i }]));
  const fed = given.filter(({ i }) => !constants.includes(i));
  const node = makeNode(
    opType,
    inputs.map((tensor, i) => (tensor === undefined ? "" : `x${i}`)),
    outputs.map((dtype, i) => (dtype === undefined ? "" : `y${i}`)),
    { name: "node", domain, attributes },
  );
  const graph = create(GraphProtoSchema, {
    name: "one node",
    node: [node],
    input: fed.map(({ name, tensor }) => makeValueInfo(name, tensor.dtype, tensor.shape)),
    output: outputs.flatMap((dtype, i) => (dtype === undefined ? [] : [makeValueInfo(`y${i}`, dtype)])),
    initializer: given
      .filter(({ i }) => constants.includes(i))
      .map(({ name, tensor }) => toTensorProto(tensor, name)),
  });
  const domains = domain === "" ? [] : [{ domain, version: 1n }];
  const model = create(ModelProtoSchema, {
    irVersion: opset > 21 ? 10n : 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }, ...domains],
    graph,
  });
  return { model, feeds: Object.fromEntries(fed.map(({ name, tensor }) => [name, tensor])) };
}

/** What the runtime makes of it on backend-js. */
export async function runOneNode(options: OneNode): Promise<Results> {
  const { model, feeds } = oneNode(options);
  await using backend = await open();
  await using session = await createSession(model, { backend });
  return await session.run(feeds);
}
