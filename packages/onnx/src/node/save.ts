/** Writes models to disk: whole, or with their large tensors in files beside them. */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExternalDataError } from "../errors.ts";
import { type ExternalDataOptions, externalize, type Placement } from "../io/externalize.ts";
import { externalReference, locationParts } from "../io/locations.ts";
import type { ExternalSource } from "../io/sources.ts";
import { allTensors } from "../io/tensors.ts";
import { writeModel } from "../io/write.ts";
import type { ModelProto } from "../proto.ts";
import { isExternal, tensorBytes } from "../tensor/read.ts";
import { folderSource } from "./files.ts";

export interface SaveOptions {
  /** Moves large initializers into files of their own. Without it tensors stay as they are. */
  readonly externalData?: ExternalDataOptions;
  /** Where external tensors of the model lie now, when they move: `ModelFile.source`. Default: the target's folder. */
  readonly source?: ExternalSource;
}

/** Bytes of an external tensor that are in memory at once while it is copied. */
const CHUNK = 2 ** 24;

/**
 * Writes a model. Files appear under their names only when they are complete, the model last; `model` is not changed.
 *
 * External tensors that stay references must have their files in the target's folder already.
 * @throws ExternalDataError when a referenced file is not there or would be overwritten, WriteError when the model is
 *   too large for one file
 */
export async function saveModel(model: ModelProto, path: string, options: SaveOptions = {}): Promise<void> {
  const folder = dirname(path);
  await using present = new Closing(folderSource(folder));
  const source = options.source ?? present.source;
  const plan =
    options.externalData === undefined ? { model, placements: [] } : externalize(model, options.externalData);
  const files = new Map<string, Placement[]>();
  for (const placement of plan.placements) {
    const group = files.get(placement.location);
    if (group === undefined) files.set(placement.location, [placement]);
    else group.push(placement);
  }
  const bytes = writeModel(plan.model);
  await checkReferences(model, plan.placements, present.source);
  for (const [location, placements] of files) {
    const target = join(folder, ...locationParts(location));
    await mkdir(dirname(target), { recursive: true });
    await replaceFile(target, (file) => writePlacements(file, placements, source));
  }
  await replaceFile(path, (file) => file.writeFile(bytes));
}

class Closing implements AsyncDisposable {
  readonly source: Required<ExternalSource>;
  constructor(source: Required<ExternalSource>) {
    this.source = source;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.source.close();
  }
}

/** References that are kept must lead to files that exist and that this save does not replace. */
async function checkReferences(
  model: ModelProto,
  placements: readonly Placement[],
  present: ExternalSource,
): Promise<void> {
  const moved = new Set(placements.map(({ tensor }) => tensor));
  const replaced = new Set(placements.map(({ location }) => location));
  for (const tensor of allTensors(model)) {
    if (!isExternal(tensor) || moved.has(tensor)) continue;
    const { location, offset, length } = externalReference(tensor);
    if (replaced.has(location)) {
      const name = JSON.stringify(tensor.name);
      throw new ExternalDataError(
        location,
        `tensor ${name} still refers to it; choose another location`,
        tensor.name,
      );
    }
    await present.read(location, offset + length, 0);
  }
}

async function writePlacements(
  file: FileHandle,
  placements: readonly Placement[],
  source: ExternalSource,
): Promise<void> {
  for (const { tensor, offset, length } of placements) {
    if (!isExternal(tensor)) {
      await writeAt(file, tensorBytes(tensor), offset);
      continue;
    }
    const from = externalReference(tensor);
    for (let done = 0; done < length; done += CHUNK) {
      const chunk = await source.read(from.location, from.offset + done, Math.min(CHUNK, length - done));
      await writeAt(file, chunk, offset + done);
    }
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(CHUNK, bytes.length - done);
    done += (await file.write(bytes, done, length, position + done)).bytesWritten;
  }
}

/** Fills a file under another name and gives it its own when it is complete. */
async function replaceFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  const file = await open(temporary, "w");
  try {
    await fill(file);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
  await file.close();
  await rename(temporary, path);
}
