/**
 * What can be wrong with a model, as data. Every error says what, where (file position, graph, node, value) and
 * what to do next; `code` is stable and meant for programs.
 */
import { BitbudgetError } from "@bitbudget/core";

/** Where in a model something is. All parts are optional; a node is named by its name or, without one, by its output. */
export interface Place {
  readonly graph?: string | undefined;
  readonly node?: string | undefined;
  readonly opType?: string | undefined;
  readonly value?: string | undefined;
}

/** Base of all errors of this package. */
export abstract class OnnxError extends BitbudgetError {
  readonly place: Place;
  constructor(message: string, place: Place = {}) {
    super(message);
    this.place = place;
  }
}

/** Why bytes are not a model. */
export type ParseReason =
  | "unreadable"
  | "empty"
  | "truncated"
  | "overrun"
  | "tag"
  | "varint"
  | "wire type"
  | "packed length"
  | "UTF-8"
  | "nesting"
  | "group"
  | "too large";

/** Bytes that are not an ONNX message. Nothing has been allocated for what they declare. */
export class ParseError extends OnnxError {
  readonly code = "ONNX_PARSE";
  readonly reason: ParseReason;
  /** Position in the file, in bytes. */
  readonly offset: number;
  /** The field that holds the offending bytes, like `graph.node[3].input[0]`; "" at the top. */
  readonly path: string;
  constructor(reason: ParseReason, offset: number, detail: string, path = "") {
    super(`${path === "" ? "the message" : path} cannot be read: ${detail} (at byte ${offset})`);
    this.reason = reason;
    this.offset = offset;
    this.path = path;
  }
}

/** A model that cannot be put into one protobuf message. */
export class WriteError extends OnnxError {
  readonly code = "ONNX_WRITE";
}

/** A tensor whose data do not fit its shape and type, or that has none. */
export class TensorError extends OnnxError {
  readonly code = "ONNX_TENSOR";
  readonly tensor: string;
  constructor(tensor: string, detail: string) {
    super(`tensor ${quote(tensor)}: ${detail}`, { value: tensor });
    this.tensor = tensor;
  }
}

/** A data type that ONNX does not define, or that the caller's numbers cannot hold. */
export class DataTypeError extends OnnxError {
  readonly code = "ONNX_DATA_TYPE";
  /** Number in `TensorProto.DataType`. */
  readonly dataType: number;
  constructor(dataType: number, detail: string, place: Place = {}) {
    super(detail, place);
    this.dataType = dataType;
  }
}

/** External data that are missing, too short, or lie where they must not. */
export class ExternalDataError extends OnnxError {
  readonly code = "ONNX_EXTERNAL_DATA";
  readonly location: string;
  constructor(location: string, detail: string, tensor?: string) {
    super(`external data ${quote(location)}: ${detail}`, { value: tensor });
    this.location = location;
  }
}

/** An attribute that is missing or has another type than asked for. */
export class AttributeError extends OnnxError {
  readonly code = "ONNX_ATTRIBUTE";
  readonly attribute: string;
  constructor(attribute: string, detail: string, place: Place) {
    super(`attribute ${quote(attribute)} of ${describe(place)} ${detail}`, place);
    this.attribute = attribute;
  }
}

/** An edit that the graph does not allow: an unknown node, a name that is taken, a value still in use. */
export class GraphEditError extends OnnxError {
  readonly code = "ONNX_EDIT";
}

/** Nodes that need each other's outputs. */
export class CycleError extends OnnxError {
  readonly code = "ONNX_CYCLE";
  /** The nodes of one cycle, each feeding the next and the last the first. */
  readonly cycle: readonly string[];
  constructor(cycle: readonly string[], place: Place) {
    super(
      `the graph has a cycle: ${cycle.join(" -> ")} -> ${cycle[0]}; ` +
        "rewire one input of it to a value from outside the cycle",
      place,
    );
    this.cycle = cycle;
  }
}

/** A name that nothing defines. */
export class DanglingNameError extends OnnxError {
  readonly code = "ONNX_DANGLING";
}

/** A name that two things define. */
export class DuplicateNameError extends OnnxError {
  readonly code = "ONNX_DUPLICATE";
}

/** A node that stands before the node that makes its input. */
export class OrderError extends OnnxError {
  readonly code = "ONNX_ORDER";
}

/** A domain whose operator set the model does not import. */
export class OpsetError extends OnnxError {
  readonly code = "ONNX_OPSET";
  readonly domain: string;
  constructor(domain: string, detail: string, place: Place = {}) {
    super(detail, place);
    this.domain = domain;
  }
}

/** A message that lacks what ONNX requires: a graph, a name, a type, a version. */
export class MissingFieldError extends OnnxError {
  readonly code = "ONNX_MISSING";
  readonly field: string;
  constructor(field: string, detail: string, place: Place = {}) {
    super(detail, place);
    this.field = field;
  }
}

/** Text with a lone surrogate, which has no UTF-8 form. */
export class TextError extends OnnxError {
  readonly code = "ONNX_TEXT";
  readonly path: string;
  constructor(path: string) {
    super(`${path} has a lone surrogate and cannot be written as UTF-8; replace it or use toWellFormed()`);
    this.path = path;
  }
}

/** Shapes or types that contradict an operator's definition. */
export class InferenceError extends OnnxError {
  readonly code = "ONNX_INFERENCE";
}

export function quote(name: string): string {
  return JSON.stringify(name);
}

/** The place in words: `node "conv1" (Conv)`, `value "x"`, `graph "main"`. */
export function describe(place: Place): string {
  const parts: string[] = [];
  if (place.node !== undefined) parts.push(`node ${quote(place.node)}`);
  if (place.opType !== undefined)
    parts.push(parts.length > 0 ? `(${place.opType})` : `a ${place.opType} node`);
  if (parts.length === 0 && place.value !== undefined) parts.push(`value ${quote(place.value)}`);
  if (parts.length === 0) parts.push(place.graph ? `graph ${quote(place.graph)}` : "the model");
  return parts.join(" ");
}
