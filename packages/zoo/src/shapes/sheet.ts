/** A set of images as one picture, 40 to a row, with the labels in a text of the PNG: the format of the test set. */
import { ArgumentError } from "@bitbudget/core";
import { type Picture, readPng, writePng } from "../png.ts";
import { imageSize } from "./draw.ts";
import { imageBytes, type ShapeImages } from "./images.ts";
import { shapeClasses } from "./outlines.ts";

const columns = 40;

/** The PNG file of a set whose number of images is a multiple of 40. @throws ArgumentError */
export function writeSheet({ pixels, labels }: ShapeImages): Promise<Uint8Array> {
  if (labels.length % columns !== 0)
    throw new ArgumentError(`a sheet has rows of ${columns} images, which ${labels.length} do not fill`);
  const sheet = new Uint8Array(pixels.length);
  copyLines(labels.length, (image, line) => sheet.set(pixels.subarray(image, image + imageSize * 3), line));
  const [width, height] = [columns * imageSize, (labels.length / columns) * imageSize];
  return writePng({ width, height, pixels: sheet, texts: { Labels: labels.join(" ") } });
}

/** The set in a file that `writeSheet` wrote. @throws PngError, ArgumentError for another picture */
export async function readSheet(file: Uint8Array): Promise<ShapeImages> {
  const picture = await readPng(file);
  const labels = labelsOf(picture);
  const pixels = new Uint8Array(labels.length * imageBytes);
  copyLines(labels.length, (image, line) =>
    pixels.set(picture.pixels.subarray(line, line + imageSize * 3), image),
  );
  return { pixels, labels };
}

function labelsOf({ width, height, texts }: Picture): Uint8Array {
  const labels = (texts.Labels ?? "").split(" ").map(Number);
  const count = (width * height) / (imageSize * imageSize);
  const known = (label: number) => Number.isInteger(label) && label >= 0 && label < shapeClasses.length;
  if (width !== columns * imageSize || labels.length !== count || !labels.every(known))
    throw new ArgumentError(
      `a picture of ${width} x ${height} pixels with ${labels.length} labels is no sheet of shapes`,
    );
  return Uint8Array.from(labels);
}

/** Calls back for each line of each image, with where it begins in the set and where on the sheet. */
function copyLines(count: number, copy: (image: number, line: number) => void): void {
  for (let i = 0; i < count; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    for (let y = 0; y < imageSize; y++) {
      const line = (row * imageSize + y) * columns * imageSize + column * imageSize;
      copy(i * imageBytes + y * imageSize * 3, line * 3);
    }
  }
}
