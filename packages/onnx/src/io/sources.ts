/** Places to read external data from, range by range: memory, Blobs and Files, URLs. Files on disk: `@bitbudget/onnx/node`. */
import { ExternalDataError } from "../errors.ts";
import { readBody } from "./body.ts";
import { checkRange } from "./inline.ts";
import { checkLocation, locationParts } from "./locations.ts";

export interface ExternalSource {
  /**
   * Exactly `length` bytes of a file, from `offset`. The size of the file is checked before memory is allocated.
   * @throws ExternalDataError when the location is forbidden or missing, or the file is too short
   */
  read(location: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives back open files. */
  close?(): Promise<void>;
}

/** Blobs or Files (of an `<input>`, of a drop), by location. Only the ranges asked for are read. */
export function blobSource(files: Readonly<Record<string, Blob>>): ExternalSource {
  return {
    async read(location, offset, length) {
      checkLocation(location);
      const blob = Object.hasOwn(files, location) ? files[location] : undefined;
      if (blob === undefined)
        throw new ExternalDataError(location, "no such file was given; add it to the source");
      checkRange(location, offset, length, blob.size);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/**
 * Files beside a model on a server, read with HTTP range requests.
 * @param base URL of the model or of its folder (with a `/` at its end)
 * @param request passed on to `fetch`: headers, credentials, signal
 */
export function urlSource(base: string | URL, request: RequestInit = {}): ExternalSource {
  return {
    async read(location, offset, length) {
      checkLocation(location);
      if (length === 0) return new Uint8Array(0);
      const url = new URL(locationParts(location).map(encodeURIComponent).join("/"), base);
      const headers = new Headers(request.headers);
      headers.set("Range", `bytes=${offset}-${offset + length - 1}`);
      const response = await fetch(url, { ...request, headers });
      const refusal = refuse(response, length);
      if (refusal !== undefined) {
        await response.body?.cancel();
        throw new ExternalDataError(location, `${url} ${refusal}`);
      }
      const bytes = await readBody(response, length);
      if (bytes?.length === length) return bytes;
      const sent = bytes === undefined ? "more" : `${bytes.length}`;
      throw new ExternalDataError(location, `${url} sent ${sent} bytes where ${length} were asked for`);
    },
  };
}

/** Why the body is not the range, judged by its headers, before a byte of it is kept. */
function refuse(response: Response, length: number): string | undefined {
  const declared = Number(response.headers.get("Content-Length") ?? length);
  if (response.status === 206 && declared === length) return undefined;
  if (response.status === 200) return "sent the whole file: the server must answer range requests";
  if (response.status === 416) return "has fewer bytes than the tensor needs; the file is cut off";
  if (response.status === 206)
    return `offered ${declared} bytes where ${length} were asked for; the file is cut off`;
  return `answered ${response.status}; check that the file lies beside the model`;
}
