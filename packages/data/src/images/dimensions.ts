/** Width and height that the header of an image file declares: known before a decoder makes room for the pixels. */

export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** Of PNG, GIF, JPEG and WebP; undefined for other formats and damaged headers, which are the decoder's to judge. */
export function declaredDimensions(bytes: Uint8Array): Dimensions | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const start = view.getUint32(0);
    if (start === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (start === 0x47494638) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (start >>> 16 === 0xffd8) return ofJpeg(view);
    if (start === 0x52494646 && view.getUint32(8) === 0x57454250) return ofWebp(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** ITU-T T.81, B.2.2: in the first frame header, whose marker is 0xc0 to 0xcf without 0xc4, 0xc8 and 0xcc. */
function ofJpeg(view: DataView): Dimensions | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at++;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** RFC 9649: extended, lossless and lossy files. */
function ofWebp(view: DataView): Dimensions | undefined {
  const kind = view.getUint32(12);
  if (kind === 0x56503858) return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  if (kind === 0x56503820)
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind !== 0x5650384c) return undefined;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
}
