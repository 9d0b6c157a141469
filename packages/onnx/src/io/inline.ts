/** Turns references to external data into `raw_data`. */
import { ExternalDataError } from "../errors.ts";
import { clearField, type ModelProto, type TensorProto, TensorProtoSchema } from "../proto.ts";
import { isExternal } from "../tensor/read.ts";
import { asBytes, type Bytes } from "./bytes.ts";
import { externalReference } from "./locations.ts";
import { allTensors } from "./tensors.ts";

/** Gives every external tensor a view of its bytes. @throws ExternalDataError for a file that is absent or too short */
export function inlineExternalData(model: ModelProto, files: Readonly<Record<string, Bytes>>): void {
  for (const tensor of allTensors(model)) {
    if (!isExternal(tensor)) continue;
    const { location, offset, length } = externalReference(tensor);
    if (!Object.hasOwn(files, location)) {
      throw new ExternalDataError(
        location,
        "externalData has no such entry; pass the file's bytes",
        tensor.name,
      );
    }
    const bytes = asBytes(files[location]!);
    checkRange(location, offset, length, bytes.length, tensor.name);
    setRawData(tensor, bytes.subarray(offset, offset + length));
  }
}

/** Makes a tensor hold its own bytes, external no longer. */
export function setRawData(tensor: TensorProto, bytes: Uint8Array): void {
  tensor.rawData = bytes;
  tensor.externalData = [];
  clearField(tensor, TensorProtoSchema.field.dataLocation);
}

/** @throws ExternalDataError when a file of `size` bytes does not have the range */
export function checkRange(
  location: string,
  offset: number,
  length: number,
  size: number,
  tensor?: string,
): void {
  if (offset + length <= size) return;
  throw new ExternalDataError(
    location,
    `bytes ${offset} to ${offset + length} are asked for and the file has ${size}; ` +
      "it is cut off or belongs to another model",
    tensor,
  );
}
