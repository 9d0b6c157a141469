/** What a model file says about itself, in ONNX's metadata_props: how its inputs are made, above all. */
import { copyModel, create, type ModelProto, StringStringEntryProtoSchema } from "@bitbudget/onnx";
import { QuantizeError } from "./errors.ts";

/** Key of the JSON that says how images and texts become inputs: the preprocessing of @bitbudget/data. */
export const PREPROCESSING_KEY = "bitbudget.preprocessing";

/** A copy of the model, which shares its tensors, with one entry more or another one. */
export function withMetadata(model: ModelProto, key: string, value: string): ModelProto {
  const copy = copyModel(model);
  copy.metadataProps = [
    ...model.metadataProps.filter((entry) => entry.key !== key),
    create(StringStringEntryProtoSchema, { key, value }),
  ];
  return copy;
}

/**
 * The preprocessing that a file carries, to be checked by whoever uses it; undefined where it has none.
 * @throws QuantizeError for an entry that is no JSON
 */
export function preprocessingOf(model: ModelProto): unknown {
  const entry = model.metadataProps.find(({ key }) => key === PREPROCESSING_KEY);
  if (entry === undefined) return undefined;
  try {
    return JSON.parse(entry.value);
  } catch {
    throw new QuantizeError(`the metadata ${JSON.stringify(PREPROCESSING_KEY)} of the model is no JSON`);
  }
}
