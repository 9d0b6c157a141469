/** How many elements and bytes a tensor message claims, worked out before anything of that size is allocated. */
import { TensorError } from "../errors.ts";
import type { TensorProto } from "../proto.ts";
import type { Format } from "./formats.ts";

export interface Extent {
  readonly shape: readonly number[];
  readonly elements: number;
  /** Bytes of the packed elements; 0 for strings. */
  readonly bytes: number;
}

/** Shape, element count and size in bytes. @throws TensorError for a negative dimension or an overflow */
export function extent(tensor: TensorProto, format: Format): Extent {
  const shape: number[] = [];
  let elements = 1;
  let empty = false;
  for (const [axis, dim] of tensor.dims.entries()) {
    if (dim < 0n) {
      throw new TensorError(
        tensor.name,
        `dimension ${axis} is ${dim}; the sizes of stored data are not negative`,
      );
    }
    const size = Number(dim);
    if (!Number.isSafeInteger(size)) throw overflow(tensor);
    shape.push(size);
    if (size === 0) empty = true;
    else elements *= size;
  }
  if (empty) elements = 0;
  const bytes = Math.ceil((elements * format.bits) / 8);
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) throw overflow(tensor);
  return { shape, elements, bytes };
}

function overflow(tensor: TensorProto): TensorError {
  return new TensorError(
    tensor.name,
    `its shape [${tensor.dims.join(", ")}] has more elements than a 53-bit count holds; the file is damaged`,
  );
}
