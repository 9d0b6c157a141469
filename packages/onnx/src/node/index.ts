/** Models on disk. Everything else is in `@bitbudget/onnx`. */
export { folderSource } from "./files.ts";
export { openModel } from "./open.ts";
export { type SaveOptions, saveModel } from "./save.ts";
