/** An open model whose large tensors stay where they are until somebody asks for them. */
import type { HostTensor } from "@bitbudget/core";
import { ParseError } from "../errors.ts";
import { create, type ModelProto, type TensorProto, TensorProtoSchema } from "../proto.ts";
import { anyTensorValue, isExternal, type TensorValue, tensorValue } from "../tensor/read.ts";
import { readBody } from "./body.ts";
import { setRawData } from "./inline.ts";
import { externalReference } from "./locations.ts";
import { parseModel } from "./parse.ts";
import { blobSource, type ExternalSource, urlSource } from "./sources.ts";
import { allTensors } from "./tensors.ts";

/** A protobuf message cannot be larger. */
const LARGEST_MODEL = 2 ** 31 - 1;

/** A model and the files its tensors refer to. `model` is as in the file: external tensors are references. */
export class ModelFile implements AsyncDisposable {
  readonly model: ModelProto;
  readonly source: ExternalSource;

  constructor(model: ModelProto, source: ExternalSource) {
    this.model = model;
    this.source = source;
  }

  /** The numbers of a tensor, wherever they lie; reads that tensor's range alone. @throws as `tensorValue` does */
  async tensor(tensor: TensorProto): Promise<HostTensor> {
    return tensorValue(isExternal(tensor) ? await this.fetched(tensor) : tensor);
  }

  /** As `tensor`, for every format of ONNX. */
  async anyTensor(tensor: TensorProto): Promise<TensorValue> {
    return anyTensorValue(isExternal(tensor) ? await this.fetched(tensor) : tensor);
  }

  /** Brings external tensors into the model, one after another: all of them, or those that `wanted` picks. */
  async load(wanted: (tensor: TensorProto) => boolean = () => true): Promise<void> {
    for (const tensor of allTensors(this.model)) {
      if (isExternal(tensor) && wanted(tensor)) setRawData(tensor, await this.bytes(tensor));
    }
  }

  /** Closes the files; tensors that were not loaded can no longer be read. */
  async close(): Promise<void> {
    await this.source.close?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async fetched(tensor: TensorProto): Promise<TensorProto> {
    const { name, dims, dataType } = tensor;
    return create(TensorProtoSchema, { name, dims, dataType, rawData: await this.bytes(tensor) });
  }

  private bytes(tensor: TensorProto): Promise<Uint8Array<ArrayBuffer>> {
    const { location, offset, length } = externalReference(tensor);
    return this.source.read(location, offset, length);
  }
}

/**
 * Opens a model that a page was handed: a File of an `<input>`, a Blob.
 * @param files its external data, by location
 * @throws ParseError as `parseModel` does
 */
export async function openBlob(blob: Blob, files: Readonly<Record<string, Blob>> = {}): Promise<ModelFile> {
  checkModelSize(blob.size);
  return new ModelFile(parseModel(await blob.arrayBuffer()), blobSource(files));
}

/**
 * Opens a model on a server. External data are read from the same folder, by range.
 * @param request passed on to `fetch`: headers, credentials, signal
 * @throws ParseError as `parseModel` does, and when the server does not have the file
 */
export async function openUrl(url: string | URL, request: RequestInit = {}): Promise<ModelFile> {
  const response = await fetch(url, request);
  if (!response.ok) {
    await response.body?.cancel();
    throw new ParseError("unreadable", 0, `${url} answered ${response.status}; check the address`);
  }
  const bytes = await readBody(response, LARGEST_MODEL);
  if (bytes === undefined) throw tooLarge("more");
  return new ModelFile(parseModel(bytes), urlSource(response.url === "" ? url : response.url, request));
}

/** @throws ParseError for a file that is larger than a protobuf message can be */
export function checkModelSize(size: number): void {
  if (size > LARGEST_MODEL) throw tooLarge(`${size}`);
}

function tooLarge(size: string): ParseError {
  const detail = `a model file holds at most ${LARGEST_MODEL} bytes and this one has ${size}; keep weights in external data`;
  return new ParseError("too large", 0, detail);
}
