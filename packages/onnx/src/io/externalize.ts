/** Which tensors of a model go to which file, and at which position: the plan that a saver of external data follows. */
import { shallow } from "../graph/copy.ts";
import {
  create,
  type GraphProto,
  type ModelProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "../proto.ts";
import { extent } from "../tensor/extent.ts";
import { formatOf } from "../tensor/formats.ts";
import { checkLocation } from "./locations.ts";

export interface ExternalDataOptions {
  /** File for a tensor's data, relative to the model; a function spreads tensors over several. */
  readonly location: string | ((tensor: TensorProto) => string);
  /** Tensors of at least so many bytes move out; default 1024. */
  readonly threshold?: number;
  /** Offsets are multiples of this; default 4096, a page, so that files can be memory-mapped. */
  readonly alignment?: number;
}

/** One tensor on its way into a file. */
export interface Placement {
  readonly tensor: TensorProto;
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A model that refers to the files of `placements`; `model` itself is left as it is, and shares what did not change. */
export interface Externalized {
  readonly model: ModelProto;
  readonly placements: readonly Placement[];
}

/** Lays the initializers of the main graph and of all subgraphs out in files. @throws ExternalDataError for a forbidden location */
export function externalize(model: ModelProto, options: ExternalDataOptions): Externalized {
  const { location, threshold = 1024, alignment = 4096 } = options;
  const placements: Placement[] = [];
  const ends = new Map<string, number>();
  const move = (tensor: TensorProto): TensorProto => {
    const format = formatOf(tensor.dataType, { value: tensor.name });
    const length = extent(tensor, format).bytes;
    if (format.name === "string" || length === 0 || length < threshold) return tensor;
    const file = typeof location === "string" ? location : location(tensor);
    checkLocation(file, tensor.name);
    const offset = Math.ceil((ends.get(file) ?? 0) / alignment) * alignment;
    ends.set(file, offset + length);
    placements.push({ tensor, location: file, offset, length });
    return reference(tensor, file, offset, length);
  };
  const copy = shallow(model);
  if (copy.graph !== undefined) copy.graph = withInitializers(copy.graph, move);
  return { model: copy, placements };
}

function withInitializers(graph: GraphProto, move: (tensor: TensorProto) => TensorProto): GraphProto {
  const copy = shallow(graph);
  copy.initializer = graph.initializer.map(move);
  copy.node = graph.node.map((node) => {
    if (!node.attribute.some((a) => a.g !== undefined || a.graphs.length > 0)) return node;
    const changed = shallow(node);
    changed.attribute = node.attribute.map((attribute) => {
      const inner = shallow(attribute);
      if (attribute.g !== undefined) inner.g = withInitializers(attribute.g, move);
      inner.graphs = attribute.graphs.map((g) => withInitializers(g, move));
      return inner;
    });
    return changed;
  });
  return copy;
}

function reference(tensor: TensorProto, location: string, offset: number, length: number): TensorProto {
  const copy = shallow(tensor);
  Reflect.deleteProperty(copy, "rawData");
  copy.floatData = [];
  copy.int32Data = [];
  copy.int64Data = [];
  copy.doubleData = [];
  copy.uint64Data = [];
  copy.dataLocation = TensorProto_DataLocation.EXTERNAL;
  const entries = { location, offset: String(offset), length: String(length) };
  copy.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return copy;
}
