/** Where models come from: a folder of real ones, and a cache of generated ones outside of the repository. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeModel } from "@bitbudget/onnx";
import { type Architecture, architectures, type GeneratedScheme } from "../models/catalog.ts";
import type { FeedOptions } from "../models/feeds.ts";
import { quantizeNBits, quantizeQdq } from "../models/quantize.ts";
import type { ModelCase } from "../models/run.ts";
import { calibrate } from "./calibrate.ts";

/** To be raised when generated models change. */
const CACHE = join(tmpdir(), "bitbudget-bench", "1");

/** Real models under `folder`, if it is there, then the generated ones. */
export async function modelCases(folder: string): Promise<ModelCase[]> {
  return [...(await realModels(folder)), ...architectures.flatMap(generatedModels)];
}

const schemes: readonly (readonly [RegExp, string])[] = [
  [/\.int8-qdq\.onnx$/, "8-bit QDQ"],
  [/\.int8-qoperator\.onnx$/, "8-bit QOperator"],
  [/\.int8-dynamic\.onnx$/, "8-bit dynamic"],
  [/\.int4-matmulnbits\.onnx$/, "4-bit MatMulNBits"],
  [/\.onnx$/, "float32"],
];

async function realModels(folder: string): Promise<ModelCase[]> {
  const cases: ModelCase[] = [];
  for (const place of [folder, join(folder, "quantized")]) {
    if (!existsSync(place)) continue;
    for (const file of (await readdir(place)).sort()) {
      const scheme = schemes.find(([pattern]) => pattern.test(file));
      if (scheme === undefined) continue;
      const name = file.replace(scheme[0], "");
      cases.push({
        op: "model",
        scheme: scheme[1],
        shape: name,
        feeds: feedsOf(name),
        bytes: () => readFile(join(place, file)),
        ...(scheme[1] !== "float32" &&
          existsSync(join(folder, `${name}.onnx`)) && {
            float: () => readFile(join(folder, `${name}.onnx`)),
          }),
      });
    }
  }
  return cases.sort((a, b) => (a.shape < b.shape ? -1 : a.shape > b.shape ? 1 : 0));
}

/** Ranges of the inputs: pixels of 0 to 255 where a model takes them as they are. */
function feedsOf(name: string): FeedOptions {
  return /^(mnist|mlperf_tiny_resnet8)/.test(name) ? { mean: 120, deviation: 60 } : { deviation: 0.6 };
}

function generatedModels({ name, make, recipe, schemes: formats }: Architecture): ModelCase[] {
  const make4 = () => quantizeNBits(make());
  const make8 = async () => {
    const model = make();
    return quantizeQdq(model, recipe, await calibrate(model, recipe));
  };
  const makers = { float32: make, "8-bit QDQ": make8, "4-bit MatMulNBits": make4 } satisfies Record<
    GeneratedScheme,
    unknown
  >;
  return formats.map((scheme) => ({
    op: "model",
    scheme,
    shape: name,
    bytes: () => cached(`${name} ${scheme}`, async () => writeModel(await makers[scheme]())),
  }));
}

/** A file of the cache, made where it is missing. */
async function cached(title: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const path = join(CACHE, `${title.replace(/[^\w.]+/g, "-")}.onnx`);
  if (existsSync(path)) return readFile(path);
  const bytes = await make();
  await mkdir(CACHE, { recursive: true });
  // Whole or not at all: another process may be looking.
  await writeFile(`${path}.${process.pid}`, bytes);
  await rename(`${path}.${process.pid}`, path);
  return bytes;
}
