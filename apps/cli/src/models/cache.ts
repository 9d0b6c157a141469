/** Files of servers, kept: each in a folder of its own under the cache, with its SHA-256, by which damage is found. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { allTensors, externalReference, isExternal } from "@bitbudget/onnx";
import { openModel } from "@bitbudget/onnx/node";
import type { Context } from "../command.ts";
import { Progress } from "../terminal/terminal.ts";
import { urlOf } from "./address.ts";
import { download, hashOf } from "./download.ts";

/** As the XDG Base Directory Specification has it. */
export function cacheFolder(env: Context["env"]): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "bitbudget");
}

/**
 * A path of what is at a path, a URL or hf:.
 * @param isFresh whether it is downloaded though the cache has it
 */
export async function localFile(context: Context, source: string, isFresh: boolean): Promise<string> {
  const url = urlOf(source, context.env);
  return url === undefined ? source : fetched(context, url, folderOf(context, url), fileName(url), isFresh);
}

/** As `localFile`, with the files that a model refers to beside it. */
export async function localModel(context: Context, source: string, isFresh: boolean): Promise<string> {
  const url = urlOf(source, context.env);
  if (url === undefined) return source;
  const folder = folderOf(context, url);
  const path = await fetched(context, url, folder, fileName(url), isFresh);
  await using file = await openModel(path);
  const locations = new Set<string>();
  for (const tensor of allTensors(file.model))
    if (isExternal(tensor)) locations.add(externalReference(tensor).location);
  for (const location of locations) {
    const parts = location.split(/[\\/]/).filter((part) => part !== ".");
    const other = new URL(parts.map(encodeURIComponent).join("/"), url);
    other.search = url.search;
    await fetched(context, other, folder, parts.join("/"), isFresh);
  }
  return path;
}

/** Models that lie in one folder of a server do so here. */
function folderOf({ env }: Context, url: URL): string {
  const key = createHash("sha256")
    .update(new URL(".", url).href + url.search)
    .digest("hex");
  return join(cacheFolder(env), "files", key.slice(0, 32));
}

function fileName(url: URL): string {
  return decodeURIComponent(basename(url.pathname)).replaceAll(/[\\/:\0]/g, "_") || "file";
}

async function fetched(context: Context, url: URL, folder: string, name: string, isFresh: boolean) {
  const path = join(folder, ...name.split("/"));
  const sums = `${path}.sha256`;
  const expected = await readFile(sums, "utf8").catch(() => undefined);
  if (!isFresh && expected !== undefined) {
    const found = await hashOf(path).catch(() => undefined);
    if (found === expected) return path;
    context.terminal.warn(`${path} has been damaged or deleted; it is downloaded again`);
  }
  const progress = new Progress(context.terminal);
  const mega = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round(bytes / 1e6));
  const sha256 = await download(url, path, {
    signal: context.signal,
    onProgress: (done, of) => progress.update(`${name}, MB`, mega(done) ?? 0, mega(of)),
  });
  progress.end();
  await writeFile(sums, sha256);
  return path;
}
