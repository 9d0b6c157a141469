/** From a decoded image to the tensor that a model takes. */
import {
  allocateStorage,
  encodeArray,
  type HostTensor,
  roundHalfEven,
  type StorageOf,
} from "@bitbudget/core";
import { DataError } from "../errors.ts";
import { checkImage, type Image, toGray } from "./image.ts";
import { checkPreprocessing, type ImageDType, type Preprocessing, type Size } from "./preprocessing.ts";
import { resize } from "./resize.ts";

type Codes = StorageOf[ImageDType];

/** A narrow image that is resized by its shorter side can become very long. */
const MAX_PIXELS = 2 ** 28;

/**
 * An image as the input of a model: [1, channels, height, width], or [1, height, width, channels] for "nhwc".
 * @throws DataError for preprocessing that is none, and for an image that is smaller than the crop
 */
export function preprocess(image: Image, preprocessing: Preprocessing = {}): HostTensor {
  const tensor = createPreprocessor(preprocessing)(image);
  return { ...tensor, shape: [1, ...tensor.shape] };
}

/**
 * The same for many images: what does not depend on the image is computed once. The tensors have no axis of the batch.
 * @throws DataError for preprocessing that is none
 */
export function createPreprocessor(
  preprocessing: Preprocessing = {},
): (image: Image, source?: string) => HostTensor {
  const checked = checkPreprocessing(preprocessing);
  const { color = "rgb", layout = "nchw", dtype = "float32" } = checked;
  const channels = color === "gray" ? 1 : 3;
  const tables = tablesOf(checked, channels);
  return (given, source = "the image") => {
    checkImage(given, source);
    const image = crop(
      resized(color === "gray" ? toGray(given) : given, checked, source),
      checked.crop,
      source,
    );
    const { width, height } = image;
    const data = allocateStorage(dtype, width * height * channels);
    for (let c = 0; c < channels; c++) {
      const from = image.channels === 1 ? 0 : color === "bgr" ? 2 - c : c;
      const [start, step] = layout === "nchw" ? [c * width * height, 1] : [c, channels];
      look(image, from, tables[c]!, data, start, step);
    }
    const shape = layout === "nchw" ? [channels, height, width] : [height, width, channels];
    return { dtype, shape, data };
  };
}

/** For each channel what becomes of the values 0 to 255, as codes: computed in float64 and rounded once. */
function tablesOf(
  { scale = 1, mean = 0, std = 1, dtype = "float32" }: Preprocessing,
  channels: number,
): Codes[] {
  return Array.from({ length: channels }, (_, c) => {
    const [m, s] = [mean, std].map((each) => (typeof each === "number" ? each : each[c]!));
    return encodeArray(
      dtype,
      Float64Array.from({ length: 256 }, (_, value) => (value * scale - m!) / s!),
    );
  });
}

/** Reads one channel of an image through a table. */
function look(
  { data, channels }: Image,
  channel: number,
  table: Codes,
  out: Codes,
  start: number,
  step: number,
): void {
  const count = data.length / channels;
  for (let i = 0; i < count; i++) out[start + i * step] = table[data[i * channels + channel]!]!;
}

function resized(image: Image, { resize: options }: Preprocessing, source: string): Image {
  if (options === undefined) return image;
  const {
    size,
    mode = typeof size === "number" ? "shorter" : "stretch",
    filter = "bilinear",
    antialias = true,
  } = options;
  if (mode === "stretch") {
    const [height, width] = sidesOf(size);
    return resize(image, width, height, filter, antialias);
  }
  const [short] = sidesOf(size);
  const { width, height } = image;
  const long = Math.trunc((short * Math.max(width, height)) / Math.min(width, height));
  if (short * long > MAX_PIXELS)
    throw new DataError(
      source,
      `has ${width} x ${height} pixels; with a shorter side of ${short} it is too large, so cut it first`,
    );
  return width < height
    ? resize(image, short, long, filter, antialias)
    : resize(image, long, short, filter, antialias);
}

function sidesOf(size: Size): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}

/** The middle of an image; an odd pixel more is above and left or below and right as torchvision has it. */
function crop(image: Image, size: Size | undefined, source: string): Image {
  if (size === undefined) return image;
  const [height, width] = sidesOf(size);
  if (height > image.height || width > image.width)
    throw new DataError(
      source,
      `has ${image.width} x ${image.height} pixels, from which ${width} x ${height} cannot be cut; resize it first`,
    );
  if (height === image.height && width === image.width) return image;
  const { channels, data } = image;
  const [top, left] = [roundHalfEven((image.height - height) / 2), roundHalfEven((image.width - width) / 2)];
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    out.set(data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data: out };
}
