/** Messages to bytes. Fields are written in the order of their numbers, unknown fields of a message after them. */
import { toBinary } from "@bufbuild/protobuf";
import { TextError, WriteError } from "../errors.ts";
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../proto.ts";
import { allTensors } from "./tensors.ts";
import { findBadText } from "./text.ts";

/** A protobuf message cannot be larger; every reader of ONNX files refuses it. */
const LARGEST_MESSAGE = 2 ** 31 - 1;

/**
 * The model as the bytes of an `.onnx` file. What was read with `parseModel` and not edited comes out equal field for
 * field, and byte for byte when the file had its fields in ascending order, as the usual exporters write them.
 *
 * @throws WriteError when the tensors alone exceed the 2 GiB of a protobuf message; write external data then
 * @throws TextError when a string has a lone surrogate, which protobuf would silently replace
 */
export function writeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  let bytes = 0;
  for (const tensor of allTensors(model)) bytes += tensor.rawData.length;
  if (bytes > LARGEST_MESSAGE) {
    throw new WriteError(
      `the tensors take ${bytes} bytes and a model file holds at most ${LARGEST_MESSAGE}; ` +
        "save with externalData to put them in files of their own",
    );
  }
  checkText(findBadText(ModelProtoSchema, model));
  return toBinary(ModelProtoSchema, model);
}

/** A bare graph as bytes. @throws TextError as `writeModel` does */
export function writeGraph(graph: GraphProto): Uint8Array<ArrayBuffer> {
  checkText(findBadText(GraphProtoSchema, graph));
  return toBinary(GraphProtoSchema, graph);
}

/** A bare tensor as bytes. @throws TextError as `writeModel` does */
export function writeTensor(tensor: TensorProto): Uint8Array<ArrayBuffer> {
  checkText(findBadText(TensorProtoSchema, tensor));
  return toBinary(TensorProtoSchema, tensor);
}

function checkText(path: string | undefined): void {
  if (path !== undefined) throw new TextError(path);
}
