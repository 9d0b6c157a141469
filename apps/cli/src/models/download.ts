/**
 * Downloads that resume: what has come lies in NAME.part with NAME.part.json, which says of which version of the file it is.
 * What is complete is checked: its length, and its SHA-256 where the server states one.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isRecord } from "../config.ts";
import { CliError } from "../errors.ts";

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, of: number | undefined) => void;
}

/** What a server says of a file. */
interface Version {
  /** Names the content; parts of two downloads fit only where it is the same. */
  readonly etag: string | undefined;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
}

/** Downloads a file to a path, and returns its SHA-256. @throws CliError that says what the server answered */
export async function download(url: URL, path: string, options: DownloadOptions): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const known = await readVersion(`${part}.json`);
  const present = known === undefined ? 0 : await sizeOf(part);
  const { response, version } = await request(url, present, known, options.signal);
  const resumes = response.status === 206 && isSame(known, version);
  await writeFile(`${part}.json`, JSON.stringify(version));
  const start = resumes ? present : 0;
  const file = await open(part, resumes ? "a" : "w");
  let done = start;
  try {
    if (response.body !== null)
      for await (const chunk of response.body) {
        await file.write(chunk);
        done += chunk.length;
        options.onProgress?.(done, version.size);
      }
  } catch (error) {
    if (options.signal.aborted || isFull(error)) throw error;
    throw new CliError(
      `the download of ${url} broke off after ${done} bytes; run the command again to go on from there`,
    );
  } finally {
    await file.close();
  }
  if (version.size !== undefined && done < version.size)
    throw new CliError(
      `the download of ${url} ended after ${done} of ${version.size} bytes; run the command again to go on from there`,
    );
  const sha256 = await hashOf(part);
  if ((version.sha256 !== undefined && sha256 !== version.sha256) || (version.size ?? done) !== done) {
    await rm(part, { force: true });
    await rm(`${part}.json`, { force: true });
    throw new CliError(
      `${url} is not what the server says it is: SHA-256 ${sha256}, not ${version.sha256 ?? "?"}. It was deleted; run the command again`,
    );
  }
  await rename(part, path);
  await rm(`${part}.json`, { force: true });
  return sha256;
}

const MAX_REDIRECTS = 8;

/** Follows redirects by hand: the Hub names the checksum in its own answer, not in that of the server it sends to. */
async function request(url: URL, present: number, known: Version | undefined, signal: AbortSignal) {
  let version: Version = { etag: undefined, size: undefined, sha256: undefined };
  let at = url;
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const headers = {
      "accept-encoding": "identity",
      ...(present > 0 && { range: `bytes=${present}-` }),
    };
    const response = await fetch(at, { redirect: "manual", headers, signal }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : error;
      throw new CliError(`${at} cannot be reached (${cause}); check the address and the network`);
    });
    version = merged(version, response);
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      at = new URL(location, at);
      continue;
    }
    const isStale = response.status === 416 || (response.status === 206 && !isSame(known, version));
    if (isStale && present > 0) {
      await response.body?.cancel();
      return request(url, 0, undefined, signal);
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new CliError(`${at} answered ${response.status}; check the address`);
    }
    return { response, version };
  }
  throw new CliError(`${url} redirects more than ${MAX_REDIRECTS} times; check the address`);
}

/** The first answer that names something is right. */
function merged(version: Version, { headers, status }: Response): Version {
  const tag = (headers.get("x-linked-etag") ?? headers.get("etag"))?.replace(/^W\//, "").replaceAll('"', "");
  const range = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  const size =
    headers.get("x-linked-size") ?? range ?? (status === 200 ? headers.get("content-length") : null);
  return {
    etag: version.etag ?? tag,
    size: version.size ?? (size === null || size === undefined ? undefined : Number(size)),
    sha256: version.sha256 ?? (tag !== undefined && /^[0-9a-f]{64}$/.test(tag) ? tag : undefined),
  };
}

function isSame(a: Version | undefined, b: Version): boolean {
  return a?.etag !== undefined && a.etag === b.etag;
}

async function readVersion(path: string): Promise<Version | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (!isRecord(json) || typeof json.etag !== "string") return undefined;
    return { etag: json.etag, size: undefined, sha256: undefined };
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** SHA-256 in hexadecimal, in bounded memory. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

function isFull(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && ["ENOSPC", "EFBIG", "EDQUOT"].includes(String(error.code))
  );
}
