/** The image set: numbered images of three splits, balanced over the classes. */
import { ArgumentError, type HostTensor, tensor } from "@bitbudget/core";
import { Random } from "../random.ts";
import { type Selection, type Split, splits } from "../splits.ts";
import { draw, imageSize } from "./draw.ts";
import { shapeClasses } from "./outlines.ts";

/** Images and what they show. */
export interface ShapeImages {
  /** [count, 32, 32, 3]: red, green, blue of 0 to 255, row-major. */
  readonly pixels: Uint8Array;
  /** [count]: places in `shapeClasses`. */
  readonly labels: Uint8Array;
}

/** Bytes of one image. */
export const imageBytes = 3 * imageSize * imageSize;

/** Tells the generators of images from those of labels and of other data sets. */
const images = 1;
const labels = 2;

/**
 * Draws images. Image i of a split is the same whatever else is drawn; each twelve from a multiple of twelve on show
 * each class once. @throws ArgumentError for numbers that are not non-negative integers
 */
export function shapeImages({ split, seed = 0, start = 0, count }: Selection): ShapeImages {
  if (![start, count].every((n) => Number.isSafeInteger(n) && n >= 0) || start + count > 2 ** 32)
    throw new ArgumentError(
      `images are numbered from 0 to 2^32; ${count} from ${start} on are not among them`,
    );
  const part = splits.indexOf(split);
  if (part < 0) throw new ArgumentError(`there is no split "${split}"; the splits are ${splits.join(", ")}`);
  const set: ShapeImages = { pixels: new Uint8Array(count * imageBytes), labels: new Uint8Array(count) };
  for (let i = 0; i < count; i++) {
    const label = shapeLabel(split, seed, start + i);
    set.labels[i] = label;
    draw(
      new Random(images, seed, part, start + i),
      label,
      set.pixels.subarray(i * imageBytes, (i + 1) * imageBytes),
    );
  }
  return set;
}

/** What image `index` shows: the classes in an order of their own for each round of them. */
function shapeLabel(split: Split, seed: number, index: number): number {
  const classes = shapeClasses.length;
  const round = Math.floor(index / classes);
  const order = new Random(labels, seed, splits.indexOf(split), round).shuffled(
    shapeClasses.map((_, i) => i),
  );
  return order[index % classes] as number;
}

/**
 * What the models take: float32 [count, 3, 32, 32] of 0 to 1, channels first.
 * @param pixels [count, 32, 32, 3]
 */
export function imageTensor(pixels: Uint8Array): HostTensor<"float32"> {
  const area = imageSize * imageSize;
  const count = pixels.length / imageBytes;
  if (!Number.isInteger(count))
    throw new ArgumentError(`${pixels.length} bytes are not a number of images of ${imageBytes} bytes`);
  const data = new Float32Array(pixels.length);
  for (let n = 0; n < count; n++) {
    const base = n * imageBytes;
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < area; i++) data[base + c * area + i] = pixels[base + 3 * i + c]! / 255;
  }
  return tensor("float32", [count, 3, imageSize, imageSize], data);
}
