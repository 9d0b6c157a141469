/** Opens data by path. */
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Dataset } from "../dataset.ts";
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";
import { type OpenOptions, openFiles } from "../open.ts";
import { type BatchInput, fromBatches } from "../stream.ts";
import { describe } from "../values.ts";
import { diskFiles } from "./files.ts";

/**
 * A dataset of what lies at a path, or at several: files and folders as `openData` of `@bitbudget/data` takes them, or an ES
 * module (.mjs, .js, .ts) whose default export is an iterable of batches or a function that returns one.
 *
 * ```ts
 * const data = await openData("photos", { preprocessing: { resize: { size: 256 }, crop: 224, scale: 1 / 255 } });
 * ```
 * @throws DataError that says what was looked for, or what is wrong with which file
 */
export async function openData(
  path: string | readonly string[],
  options: OpenOptions = {},
): Promise<Dataset> {
  const paths = typeof path === "string" ? [path] : path;
  const [first = ""] = paths;
  if (paths.length === 1 && [".mjs", ".js", ".ts", ".mts"].includes(extname(first)))
    return openModule(first, options);
  const files: DataFile[] = [];
  for (const each of paths) files.push(...(await diskFiles(each)));
  return openFiles(files, options, paths.join(", "));
}

async function openModule(path: string, options: OpenOptions): Promise<Dataset> {
  const module: unknown = await import(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    throw new DataError(path, `cannot be imported: ${error instanceof Error ? error.message : error}`);
  });
  const batches =
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (!isBatchInput(batches))
    throw new DataError(
      path,
      `its default export must be an iterable of batches, or a function that returns one, not ${describe(batches)}`,
    );
  const { batchSize, partial, classes } = options;
  const chosen = {
    ...(batchSize !== undefined && { batchSize }),
    ...(partial !== undefined && { partial }),
    ...(classes !== undefined && { classes }),
  };
  return fromBatches(batches, { name: path, ...chosen });
}

function isBatchInput(value: unknown): value is BatchInput {
  if (typeof value === "function") return true;
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}
