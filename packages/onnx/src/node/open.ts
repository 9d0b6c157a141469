/** Opens models on disk. */
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { ParseError } from "../errors.ts";
import { checkModelSize, ModelFile } from "../io/model-file.ts";
import { parseModel } from "../io/parse.ts";
import { folderSource } from "./files.ts";

/**
 * Opens the model at `path`. Its external data stay on disk and are read by range, tensor by tensor: `ModelFile.tensor`
 * reads one, `ModelFile.load` brings all into memory.
 *
 * ```ts
 * await using file = await openModel("model.onnx");
 * const weights = await file.tensor(file.model.graph.initializer[0]);
 * ```
 * @throws ParseError as `parseModel` does; the system's error when there is no such file
 */
export async function openModel(path: string): Promise<ModelFile> {
  return new ModelFile(parseModel(await readWhole(path)), folderSource(dirname(path)));
}

async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ParseError("unreadable", 0, `${path} is not a file`);
    checkModelSize(stats.size);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
