/** A model from wherever it is: bytes, a path, a URL, a file of the browser, or a model in hand. */
import {
  type Bytes,
  clone,
  create,
  Graph,
  GraphProtoSchema,
  ModelFile,
  type ModelProto,
  makeValueInfo,
  NodeProtoSchema,
  openBlob,
  openUrl,
  parseModel,
} from "@bitbudget/onnx";
import { ValueNameError } from "./errors.ts";

/** Bytes of a file, a path (in Node) or URL, a Blob or File, or a model that was already read. */
export type ModelSource = Bytes | string | URL | Blob | ModelProto | ModelFile;

/** A model with its weights in memory. */
export class LoadedModel {
  readonly proto: ModelProto;
  readonly graph: Graph;

  constructor(proto: ModelProto) {
    this.proto = proto;
    this.graph = Graph.of(proto);
  }

  /**
   * A graph that may be rewritten while the model stays as it is; tensors are shared.
   * @param capture names of intermediate values that become outputs
   */
  copyGraph(capture: readonly string[]): Graph {
    const { proto } = this.graph;
    const copy = create(GraphProtoSchema, {
      ...proto,
      node: proto.node.map((node) => clone(NodeProtoSchema, node)),
      initializer: [...proto.initializer],
      input: [...proto.input],
      output: [...proto.output],
    });
    const graph = new Graph(copy, undefined, this.graph.initializersAreInputs);
    for (const name of capture) {
      if (!graph.defines(name))
        throw new ValueNameError(name, "is not a value of the model's main graph, so it cannot be captured");
      // Nothing reads the declared type: planning knows the real one.
      if (!graph.isOutput(name)) copy.output.push(makeValueInfo(name, "float32"));
    }
    graph.refresh();
    return graph;
  }
}

export async function loadModel(source: ModelSource): Promise<LoadedModel> {
  if (source instanceof ModelFile) {
    await source.load();
    return new LoadedModel(source.model);
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer)
    return new LoadedModel(parseModel(source));
  if (typeof source === "object" && "$typeName" in source) return new LoadedModel(source);
  await using file = await open(source);
  await file.load();
  return new LoadedModel(file.model);
}

/** A model with its weights, from wherever it is. */
export async function readModel(source: ModelSource): Promise<ModelProto> {
  return (await loadModel(source)).proto;
}

async function open(source: string | URL | Blob): Promise<ModelFile> {
  if (source instanceof Blob) return openBlob(source);
  const { protocol } = typeof source === "string" ? { protocol: /^[a-z]{2,}:/i.exec(source)?.[0] } : source;
  const isNode = globalThis.process?.versions?.node !== undefined;
  if (!isNode || (protocol !== undefined && protocol !== "file:")) return openUrl(source);
  // Not a static import: bundles for browsers leave the file system out.
  const { openPath } = await import("#open-path");
  return openPath(source);
}
