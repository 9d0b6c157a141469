// Compiles assembly/ to WebAssembly, once with plain SIMD and once with relaxed SIMD, and writes both into src/gen as
// modules that carry the bytes, beside the types of what they export. Bytes in a module need no loader, no path and no fetch.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import { writeBlockTiles } from "./block-tiles.mjs";
import { writeCorrelationTiles } from "./correlation-tiles.mjs";
import { writeTiles } from "./tiles.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
mkdirSync("src/gen", { recursive: true });
writeTiles("assembly/gen/tiles.ts");
writeBlockTiles("assembly/gen/block-tiles.ts");
writeCorrelationTiles("assembly/gen/correlation-tiles.ts");

const builds = { simd: "simd", relaxed: "simd,relaxed-simd" };

for (const [name, features] of Object.entries(builds)) {
  const wasmFile = `src/gen/${name}.wasm`;
  const parameters = [
    "assembly/index.ts",
    ...["--outFile", wasmFile, "--bindings", "raw", "--enable", features, "--runtime", "stub"],
    // The memory comes from outside; the host turns its import into a shared one where there are threads.
    ...["--importMemory", "--maximumMemory", "65536", "--memoryBase", "1024"],
    // Shrinking costs no time that can be measured, and makes the deflated bytes 6% fewer.
    ...["--optimizeLevel", "3", "--shrinkLevel", "1", "--converge", "--noAssert", "--use", "abort="],
    // Multiply-add is one instruction or two as the build allows; nothing else about floats is relaxed.
    ...["--use", `RELAXED=${name === "relaxed" ? 1 : 0}`],
  ];
  const { error, stderr } = await asc.main(parameters, { readFile });
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  const bytes = readFileSync(wasmFile);
  // Compressed before it becomes text: of the text of a module's own bytes, servers compress a third less.
  const packed = deflateRawSync(bytes, { level: 9 });
  const lines = [
    `/** The ${name} build of the kernels, ${bytes.length} bytes, deflated to ${packed.length}. Made by scripts/build-kernels.mjs. */`,
    `export const base64 =\n  "${packed.toString("base64")}";`,
  ];
  writeFileSync(`src/gen/${name}.ts`, `${lines.join("\n")}\n`);
  if (name === "relaxed") writeTypes(`src/gen/${name}.d.ts`);
  for (const extension of ["wasm", "d.ts", "js"]) rmSync(`src/gen/${name}.${extension}`, { force: true });
  console.log(`${name}: ${bytes.length} bytes`);
}

/**
 * AssemblyScript reads like TypeScript and is another language: its files have an extension of their own, so that no tool
 * takes one for the other. The compiler asks for .ts.
 */
function readFile(name, folder) {
  const path = resolve(folder, name);
  const found = [path.replace(/\.ts$/, ".as"), path].find(existsSync);
  return found === undefined ? null : readFileSync(found, "utf8");
}

/** The exported functions, from the declarations that the compiler writes. */
function writeTypes(declarations) {
  const text = readFileSync(declarations, "utf8");
  const functions = [...text.matchAll(/export function (\w+)\(([^)]*)\): (\w+);/g)].map(
    ([, name, parameters, result]) => `  ${name}(${parameters}): ${result};`,
  );
  const variables = [...text.matchAll(/export const (\w+): \{[^}]*get value\(\): number;?\s*(set)?/g)].map(
    ([, name]) => `  readonly ${name}: WebAssembly.Global;`,
  );
  const lines = [
    "/** What both builds export. Made by scripts/build-kernels.mjs. */",
    "export interface Exports {",
    ...variables,
    ...functions,
    "}",
    "",
    "/** Names of the functions, in the order in which threads know them. */",
    `export const functionNames = ${JSON.stringify([...text.matchAll(/export function (\w+)\(/g)].map((m) => m[1]))} as const;`,
  ];
  writeFileSync("src/gen/kernels.ts", `${lines.join("\n")}\n`);
}
