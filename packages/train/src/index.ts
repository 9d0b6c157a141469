/** Training over ONNX graphs. */
export * from "./errors.ts";
