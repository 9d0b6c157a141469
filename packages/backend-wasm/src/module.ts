/** The compiled kernels: the build for this engine, with a memory of the kind that was asked for. */
import { hasFeature } from "./features.ts";

export type BuildName = "simd" | "relaxed";

/** The best build that the engine runs. @throws Error where it has no SIMD: backend-js runs everywhere */
export function bestBuild(): BuildName {
  if (hasFeature("relaxedSimd")) return "relaxed";
  if (hasFeature("simd")) return "simd";
  throw new Error("backend-wasm needs WebAssembly SIMD, which this engine does not have; use backend-js");
}

/** Compiles a build for an own memory or a shared one. */
export async function compileBuild(name: BuildName, shared: boolean): Promise<WebAssembly.Module> {
  const { base64 } = await (name === "relaxed" ? import("./gen/relaxed.ts") : import("./gen/simd.ts"));
  const bytes = await inflate(decodeBase64(base64));
  if (shared) shareMemoryImport(bytes);
  return WebAssembly.compile(bytes);
}

/** RFC 1951, which is what scripts/build-kernels.mjs packed. */
async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // Node's streams of the web platform take ten times as long to load as all of this takes.
  const { process }: Pick<typeof globalThis, "atob"> & { readonly process?: NodeProcess } = globalThis;
  const zlib = process?.getBuiltinModule?.("node:zlib");
  if (zlib !== undefined) return zlib.inflateRawSync(packed);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The part of Node's `process` that is looked at; some bundlers put an empty one into pages. */
interface NodeProcess {
  readonly getBuiltinModule?: (name: "node:zlib") => {
    inflateRawSync(packed: Uint8Array): Uint8Array<ArrayBuffer>;
  };
}

/** What newer engines have on Uint8Array. */
interface Base64Decoder extends Pick<Uint8ArrayConstructor, "BYTES_PER_ELEMENT"> {
  readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

/** What Node has for the same. */
interface NodeGlobals extends Pick<typeof globalThis, "atob"> {
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> };
}

/** In one call where the engine can: a loop that runs once is interpreted, and takes longer than the compilation. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 }: Base64Decoder = Uint8Array;
  if (fromBase64 !== undefined) return fromBase64(text);
  const { atob, Buffer }: NodeGlobals = globalThis;
  if (Buffer !== undefined) return Buffer.from(text, "base64");
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/**
 * Turns the import of a memory with a maximum (limits flag 1) into one of a shared memory (flag 3), in place. Kernels
 * have no atomic instructions, so that is all the difference between the two.
 * WebAssembly core specification, section 5.5.5 (imports) and 5.3.7 (limits); threads proposal for the flag.
 */
export function shareMemoryImport(bytes: Uint8Array): void {
  // "env", "memory", kind 2 (memory), flag 1.
  const pattern = [3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 1];
  const last = bytes.length - pattern.length;
  for (let at = 8; at <= last; at++)
    if (pattern.every((byte, i) => bytes[at + i] === byte)) {
      bytes[at + pattern.length - 1] = 3;
      return;
    }
  throw new Error("the kernels do not import their memory as env.memory with a maximum");
}
