/**
 * PNG files of 8-bit red, green and blue (ISO/IEC 15948): so a set of images is a picture that every tool shows. The
 * platform's own deflate does the work, in Node and in browsers; no colour management comes between file and codes.
 */
import { BitbudgetError } from "@bitbudget/core";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]: red, green, blue of 0 to 255. */
  readonly pixels: Uint8Array;
  /** Latin-1 texts by keyword. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A file that is not a PNG, is damaged, or of a kind that the project does not write. */
export class PngError extends BitbudgetError {
  readonly code = "PNG";
  /** Position in the file, in bytes. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message}, at byte ${offset}; give a PNG of 8-bit RGB without interlacing, or download it again`);
    this.offset = offset;
  }
}

const signature = [137, 80, 78, 71, 13, 10, 26, 10];
/** Pictures of more pixels are refused before anything is allocated. */
const maxPixels = 2 ** 24;

/** The file of a picture. */
export async function writePng({ width, height, pixels, texts }: Picture): Promise<Uint8Array> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, 2);
  const packed = await through(new CompressionStream("deflate"), filtered(pixels, width * 3, height));
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...Object.entries(texts).map(([keyword, text]) => chunk("tEXt", latin1(`${keyword}\0${text}`))),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(await new Blob([Uint8Array.from(signature), ...chunks]).arrayBuffer());
}

/** The picture in a file. @throws PngError */
export async function readPng(file: Uint8Array): Promise<Picture> {
  if (!signature.every((byte, i) => file[i] === byte)) throw new PngError("this is not a PNG file", 0);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const data: Uint8Array<ArrayBuffer>[] = [];
  const texts: Record<string, string> = {};
  let [width, height] = [0, 0];
  for (let at = signature.length; ; ) {
    if (at + 12 > file.length) throw new PngError("the file ends too early", file.length);
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > file.length) throw new PngError(`a chunk of ${length} bytes passes the end`, at);
    if (view.getUint32(end) !== crc(file.subarray(at + 4, end)))
      throw new PngError("a chunk does not have the checksum that it says", at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const body = file.slice(at + 8, end);
    if (type === "IHDR") {
      [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      const kind = [...body.subarray(8, 13)].join(" ");
      if (length !== 13 || kind !== "8 2 0 0 0")
        throw new PngError(`the picture is of another kind (${kind})`, at);
      if (width * height > maxPixels) throw new PngError(`${width} x ${height} pixels are too many`, at);
    } else if (type === "tEXt") {
      const text = Array.from(body, (byte) => String.fromCharCode(byte)).join("");
      const split = text.indexOf("\0");
      texts[text.slice(0, split)] = text.slice(split + 1);
    } else if (type === "IDAT") {
      data.push(body);
    } else if (type === "IEND") {
      const rows = await inflated(data, (width * 3 + 1) * height, at);
      return { width, height, pixels: unfiltered(rows, width * 3, height, at), texts };
    }
    at = end + 4;
  }
}

async function inflated(data: Uint8Array<ArrayBuffer>[], length: number, at: number): Promise<Uint8Array> {
  const packed = new Uint8Array(await new Blob(data).arrayBuffer());
  const rows = await through(new DecompressionStream("deflate"), packed).catch(() => undefined);
  if (rows?.length !== length) throw new PngError("the compressed pixels are damaged", at);
  return rows;
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(out).arrayBuffer());
}

/** Rows as differences from what `predict` makes of the bytes around, under the filter that makes them smallest. */
function filtered(pixels: Uint8Array, row: number, height: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array((row + 1) * height);
  const tried = new Uint8Array(row);
  for (let y = 0; y < height; y++) {
    let least = Infinity;
    const place = y * (row + 1);
    for (let filter = 0; filter < 5; filter++) {
      let size = 0;
      for (let x = 0; x < row; x++) {
        const code = (pixels[y * row + x]! - predict(filter, pixels, y, x, row)) & 255;
        tried[x] = code;
        size += code < 128 ? code : 256 - code;
      }
      if (size >= least) continue;
      least = size;
      out[place] = filter;
      out.set(tried, place + 1);
    }
  }
  return out;
}

function unfiltered(rows: Uint8Array, row: number, height: number, at: number): Uint8Array {
  const pixels = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (row + 1)]!;
    if (filter > 4) throw new PngError(`row ${y} has filter ${filter}, which does not exist`, at);
    for (let x = 0; x < row; x++)
      pixels[y * row + x] = rows[y * (row + 1) + 1 + x]! + predict(filter, pixels, y, x, row);
  }
  return pixels;
}

/** The filters none, sub, up, average and Paeth (section 9 of the standard), of pixels of three bytes. */
function predict(filter: number, pixels: Uint8Array, y: number, x: number, row: number): number {
  const here = y * row + x;
  const left = x < 3 ? 0 : pixels[here - 3]!;
  const up = y === 0 ? 0 : pixels[here - row]!;
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const corner = x < 3 || y === 0 ? 0 : pixels[here - row - 3]!;
  const byLeft = Math.abs(up - corner);
  const byUp = Math.abs(left - corner);
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(latin1(type), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc(out.subarray(4, 8 + body.length)));
  return out;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** CRC-32 of ISO/IEC 15948, annex D. */
function crc(bytes: Uint8Array): number {
  let c = -1;
  for (const byte of bytes) c = (table[(c ^ byte) & 255] as number) ^ (c >>> 8);
  return ~c >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
