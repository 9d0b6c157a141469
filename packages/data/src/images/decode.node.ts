/** Decodes images in Node, with libvips. Loaded when the first image is. */
import type { Image } from "./image.ts";

/**
 * The first frame, as its EXIF orientation says. Transparency is dropped, and so are colour profiles: the values are those in
 * the file.
 */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, maxPixels: number): Promise<Image> {
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(bytes, {
    limitInputPixels: maxPixels,
    ignoreIcc: true,
    failOn: "truncated",
  })
    .autoOrient()
    .toColourspace("srgb")
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 1 && info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
  return {
    width: info.width,
    height: info.height,
    channels: info.channels,
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
  };
}
