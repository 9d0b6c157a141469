/** Bytes to messages: checked as a whole by `checkWire`, then decoded. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { ParseError } from "../errors.ts";
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../proto.ts";
import { asBytes, type Bytes } from "./bytes.ts";
import { inlineExternalData } from "./inline.ts";
import { checkWire, NESTING_LIMIT } from "./wire.ts";

export interface ParseOptions {
  /**
   * Contents of the external data files, by location. With it every external tensor gets its bytes as `rawData` (a
   * view, not a copy) and is no longer external. Without it external tensors stay references.
   */
  readonly externalData?: Readonly<Record<string, Bytes>>;
}

/**
 * Reads a model. Tensor data are not copied: `rawData` are views of `bytes`, which must not change afterwards.
 *
 * Reading says nothing about whether the graph makes sense: see `checkModel`.
 *
 * @throws ParseError for anything that is not a well-formed message: a truncated file, a wrong wire type, nesting
 *   deeper than 100, a declared size beyond the end, text that is not UTF-8. Nothing is allocated by a declared size.
 * @throws ExternalDataError, TensorError with `externalData`, for a location that is missing, forbidden or too short.
 */
export function parseModel(bytes: Bytes, options: ParseOptions = {}): ModelProto {
  const model = parse(ModelProtoSchema, bytes);
  if (options.externalData !== undefined) inlineExternalData(model, options.externalData);
  return model;
}

/** Reads a bare graph. @throws ParseError as `parseModel` does */
export function parseGraph(bytes: Bytes): GraphProto {
  return parse(GraphProtoSchema, bytes);
}

/** Reads a bare tensor, as in the `.pb` files beside ONNX's operator tests. @throws ParseError as `parseModel` does */
export function parseTensor(bytes: Bytes): TensorProto {
  return parse(TensorProtoSchema, bytes);
}

function parse<D extends DescMessage>(type: D, source: Bytes): MessageShape<D> {
  const bytes = asBytes(source);
  if (bytes.length === 0) {
    throw new ParseError("empty", 0, "it has no bytes; check that the file was downloaded whole");
  }
  checkWire(type, bytes);
  return fromBinary(type, bytes, { recursionLimit: NESTING_LIMIT });
}
