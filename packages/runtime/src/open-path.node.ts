/** Files by path or file URL, in Node. */
import { fileURLToPath } from "node:url";
import type { ModelFile } from "@bitbudget/onnx";
import { openModel } from "@bitbudget/onnx/node";

export async function openPath(path: string | URL): Promise<ModelFile> {
  const isUrl = path instanceof URL || path.startsWith("file:");
  return openModel(isUrl ? fileURLToPath(path) : path);
}
