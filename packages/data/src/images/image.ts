/** A decoded image. */
import { DataError } from "../errors.ts";

export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1 for gray, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  /** [height, width, channels], 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** @throws DataError for an image whose data do not fit its size */
export function checkImage(image: Image, source = "the image"): void {
  const { width, height, channels, data } = image;
  const expected = width * height * channels;
  if (!(width >= 1 && height >= 1) || (channels !== 1 && channels !== 3) || data.length !== expected)
    throw new DataError(
      source,
      `${width} x ${height} pixels of ${channels} channels do not fit ${data.length} bytes`,
    );
}

/**
 * Brightness as ITU-R BT.601 defines it, in the fixed-point arithmetic of PIL's `convert("L")`. Gray stays as it is:
 * the weights sum to 2^16.
 */
export function toGray(image: Image): Image {
  if (image.channels === 1) return image;
  const { width, height, data } = image;
  const gray = new Uint8Array(width * height);
  for (let i = 0; i < gray.length; i++)
    gray[i] = (data[3 * i]! * 19595 + data[3 * i + 1]! * 38470 + data[3 * i + 2]! * 7471 + 0x8000) >> 16;
  return { width, height, channels: 1, data: gray };
}
