/** Decodes images in browsers and their workers. */
import type { Image } from "./image.ts";

/**
 * The first frame, as its EXIF orientation says. Transparency is dropped, and so are colour profiles: the values are those in
 * the file, but where a pixel is transparent they have gone through a multiplication by its opacity.
 */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, maxPixels: number): Promise<Image> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    imageOrientation: "from-image",
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
  try {
    const { width, height } = bitmap;
    if (width * height > maxPixels)
      throw new Error(`it has ${width} x ${height} pixels, and the limit is ${maxPixels}`);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("this browser draws no images");
    context.drawImage(bitmap, 0, 0);
    return { width, height, channels: 3, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}

function withoutAlpha(pixels: Uint8ClampedArray): Uint8Array {
  const data = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    data[to++] = pixels[from]!;
    data[to++] = pixels[from + 1]!;
    data[to++] = pixels[from + 2]!;
  }
  return data;
}
