/**
 * Serves the built packages to a page as they are published, without a bundler: names of packages in imports become paths, so that
 * they work in workers too. Cross-origin isolated, as threads need it.
 */
import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

export interface StaticServer {
  readonly url: string;
  close(): void;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** @param content bytes for paths that are no files: "/" and "/model/3" */
export async function serve(
  content: (path: string) => Promise<Uint8Array | string | undefined>,
): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const headers = {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Content-Type":
        path === "/" ? "text/html; charset=utf-8" : (types[extname(path)] ?? "application/octet-stream"),
    };
    try {
      const body = (await content(path)) ?? (await file(path));
      response.writeHead(body === undefined ? 404 : 200, headers).end(body);
    } catch (error) {
      response.writeHead(500, headers).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => server.close() };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A file of the repository, but none outside of it. */
async function file(path: string): Promise<Uint8Array | string | undefined> {
  const full = join(root, path);
  if (!existsSync(full)) return undefined;
  const real = await realpath(full);
  if (relative(root, real).startsWith("..")) return undefined;
  if (![".js", ".mjs"].includes(extname(real))) return readFile(real);
  const source = await readFile(real, "utf8");
  // Bundles of others import nothing by name.
  return real.includes(`${sep}node_modules${sep}`) && !real.includes("protobuf") ? source : withPaths(source);
}

/** Names of packages in import declarations and calls as paths on this server. */
function withPaths(source: string): string {
  return source.replace(
    /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'.][^"']*)\2/g,
    (whole, keyword: string, quote: string, name: string) => {
      const path = name.startsWith("node:") ? undefined : pathOf(name);
      return path === undefined ? whole : `${keyword}${quote}${path}${quote}`;
    },
  );
}

const fromOnnx = createRequire(join(root, "packages/onnx/package.json"));

/** Path of what a package exports to browsers; undefined for what a page never loads. */
export function pathOf(name: string): string | undefined {
  const own = /^@bitbudget\/([\w-]+)$/.exec(name)?.[1];
  if (own !== undefined) return `/packages/${own}/dist/index.js`;
  if (name.startsWith("@bufbuild/protobuf"))
    return urlOf(fromOnnx.resolve(name).replace(`${sep}cjs${sep}`, `${sep}esm${sep}`));
  try {
    return urlOf(fileURLToPath(import.meta.resolve(name)));
  } catch {
    return undefined;
  }
}

/** Path on this server of a file of the repository. */
export function urlOf(file: string): string {
  return `/${relative(root, file).split(sep).join("/")}`;
}
