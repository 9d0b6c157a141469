/** Where external tensor data lie, and which places a model may name: files in its own folder and below, no others. */
import { ExternalDataError } from "../errors.ts";
import type { TensorProto } from "../proto.ts";
import { extent } from "../tensor/extent.ts";
import { formatOf } from "../tensor/formats.ts";

export interface ExternalReference {
  /** Path of the file, relative to the model's folder, with `/` between its parts. */
  readonly location: string;
  /** First byte, and how many: as many as the shape and the data type need. */
  readonly offset: number;
  readonly length: number;
}

/**
 * The range of bytes that an external tensor refers to.
 * @throws ExternalDataError for a forbidden location, an offset or length that is no number, or a length that is not
 *   that of the shape
 * @throws TensorError, DataTypeError as `tensorValue` does
 */
export function externalReference(tensor: TensorProto): ExternalReference {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  checkLocation(location, tensor.name);
  const format = formatOf(tensor.dataType, { value: tensor.name });
  if (format.name === "string") {
    throw new ExternalDataError(
      location,
      "strings cannot be external; store them in string_data",
      tensor.name,
    );
  }
  const length = extent(tensor, format).bytes;
  const declared = wholeNumber(entries.get("length"), "length", tensor.name, location);
  if (declared !== undefined && declared !== length) {
    throw new ExternalDataError(
      location,
      `tensor ${JSON.stringify(tensor.name)} of shape [${tensor.dims.join(", ")}] needs ${length} bytes ` +
        `and ${declared} are declared; correct the shape or the entry "length"`,
      tensor.name,
    );
  }
  const offset = wholeNumber(entries.get("offset"), "offset", tensor.name, location) ?? 0;
  if (!Number.isSafeInteger(offset + length)) {
    throw new ExternalDataError(location, "offset and length overflow; correct the entries", tensor.name);
  }
  return { location, offset, length };
}

/**
 * @throws ExternalDataError for a location that is empty, absolute, a URL, leaves the folder with `..`, or holds
 *   characters that no file name has
 */
export function checkLocation(location: string, tensor?: string): void {
  const parts = location.split(/[\\/]/);
  let problem: string | undefined;
  if (location === "") problem = "no location is given";
  else if (location.includes("\0")) problem = "it holds a zero character";
  else if (parts[0] === "") problem = "the path is absolute";
  else if (/^[a-z][a-z0-9+.-]*:/i.test(location)) problem = "it is a drive or a URL";
  else if (parts.includes("..")) problem = "the path leaves the model's folder";
  else if (parts.includes("") || parts.every((part) => part === ".")) problem = "it does not name a file";
  if (problem === undefined) return;
  throw new ExternalDataError(
    location,
    `${problem}; use a path inside the model's folder, like "weights.bin"`,
    tensor,
  );
}

/** The parts of a checked location. */
export function locationParts(location: string): string[] {
  return location.split(/[\\/]/).filter((part) => part !== ".");
}

function wholeNumber(
  text: string | undefined,
  key: string,
  tensor: string,
  location: string,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ExternalDataError(
    location,
    `the entry ${JSON.stringify(key)} of tensor ${JSON.stringify(tensor)} is ${JSON.stringify(text)}; ` +
      "write a count of bytes in decimal digits",
    tensor,
  );
}
