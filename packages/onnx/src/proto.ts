/** The messages of the ONNX format, generated from proto/onnx.proto, under their ONNX names. */
import { clearField, clone, create, equals, isFieldSet, type MessageInitShape } from "@bufbuild/protobuf";

export * from "./gen/onnx_pb.ts";
export { clearField, clone, create, equals, isFieldSet, type MessageInitShape };
