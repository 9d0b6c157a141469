/** Inputs and outputs of a model as its users see them, and the check of what they feed. */
import { type DType, type HostTensor, isDType, storageLength } from "@bitbudget/core";
import { elementType, type ValueInfoProto } from "@bitbudget/onnx";
import { FeedError } from "./errors.ts";

export interface ModelValue {
  readonly name: string;
  /** Undefined for what is not a tensor of a supported format. */
  readonly dtype: DType | undefined;
  /** A number, a symbol, or null for a size that the model leaves open. Undefined where not even the rank is known. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

/** The declarations of a graph's inputs or outputs, as data. */
export function modelValues(infos: readonly ValueInfoProto[]): ModelValue[] {
  return infos.map(({ name, type }) => {
    if (type?.value.case !== "tensorType") return { name, dtype: undefined, shape: undefined };
    const { elemType, shape } = type.value.value;
    const dtype = elementType(elemType);
    return {
      name,
      dtype: isDType(dtype) ? dtype : undefined,
      shape: shape?.dim.map(({ value }) => {
        if (value.case === "dimValue") return Number(value.value);
        return value.case === "dimParam" && value.value !== "" ? value.value : null;
      }),
    };
  });
}

/** @throws FeedError for an input that is missing, unknown, of another dtype or shape, or too short */
export function checkFeeds(inputs: readonly ModelValue[], feeds: Readonly<Record<string, HostTensor>>): void {
  const names = new Set(inputs.map(({ name }) => name));
  for (const name of Object.keys(feeds))
    if (!names.has(name))
      throw new FeedError(name, `is not one of the model's inputs: ${[...names].join(", ")}`);
  const symbols = new Map<string, number>();
  for (const { name, dtype, shape } of inputs) {
    const feed = feeds[name];
    if (feed === undefined)
      throw new FeedError(name, `is missing; feed a ${dtype} tensor ${describeShape(shape)}`);
    if (dtype !== undefined && feed.dtype !== dtype)
      throw new FeedError(name, `must be ${dtype}, not ${feed.dtype}`);
    const fits =
      shape === undefined ||
      (shape.length === feed.shape.length &&
        shape.every((size, i) => fitsDimension(size, feed.shape[i] ?? 0, symbols)));
    if (!fits)
      throw new FeedError(
        name,
        `must have the shape ${describeShape(shape)}, not [${feed.shape.join(", ")}]`,
      );
    const length = storageLength(
      feed.dtype,
      feed.shape.reduce((product, size) => product * size, 1),
    );
    if (feed.data.length !== length)
      throw new FeedError(name, `has ${feed.data.length} stored elements where its shape needs ${length}`);
  }
}

/** Equal symbols must stand for equal sizes. */
function fitsDimension(
  declared: number | string | null,
  size: number,
  symbols: Map<string, number>,
): boolean {
  if (declared === null) return true;
  if (typeof declared === "number") return declared === size;
  const before = symbols.get(declared);
  symbols.set(declared, size);
  return before === undefined || before === size;
}

function describeShape(shape: ModelValue["shape"]): string {
  return shape === undefined ? "of any shape" : `[${shape.map((size) => size ?? "?").join(", ")}]`;
}
