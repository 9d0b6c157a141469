/** Opens what a user named as a model, and says in their words why it is none. */
import { type ModelFile, ParseError } from "@bitbudget/onnx";
import { openModel } from "@bitbudget/onnx/node";
import type { Context } from "../command.ts";
import { CliError } from "../errors.ts";
import { localModel } from "./cache.ts";

export interface OpenedModel {
  /** On this machine. */
  readonly path: string;
  readonly file: ModelFile;
}

/** @throws CliError for a file that is not ONNX, the system's error where there is none */
export async function openSource(context: Context, source: string, isFresh: boolean): Promise<OpenedModel> {
  try {
    const path = await localModel(context, source, isFresh);
    const file = await openModel(path);
    // Any short text is a valid protobuf message; a model has nodes.
    if ((file.model.graph?.node.length ?? 0) === 0)
      throw new CliError(`${source} has no graph with nodes, so it is not an ONNX model; give an .onnx file`);
    return { path, file };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new CliError(
      `${source} is not an ONNX file: ${error.message}\nGive an .onnx file; PyTorch writes one with torch.onnx.export, others with their converters.`,
    );
  }
}
