/**
 * Which class an image belongs to: from the folder it is in, or from a file of labels.
 *
 * A file of labels is JSON or CSV. JSON: `{ "a.jpg": 3, "b.jpg": "cat" }`, or a list of objects with a `file` and a `label`
 * (also called `index` or `class`), perhaps with the `name` of the class. CSV: lines of file and label, with or without a header.
 */

import { DataError } from "../errors.ts";
import { type DataFile, extensionOf, parseJson, readText } from "../files/file.ts";
import { describe, isLabel, isRecord } from "../values.ts";

/** A class by its number or its name, for each file: its path, or its name where that is the only one. */
export type LabelMap = Readonly<Record<string, number | string>>;

export interface Labels {
  /** For each image. */
  readonly labels: Int32Array;
  readonly classes: readonly string[] | undefined;
}

interface Row {
  readonly file: string;
  readonly label: number | string;
  readonly name?: string | undefined;
}

/** Classes are the folders on the first level, sorted by their UTF-16 code units; undefined where an image is in none. */
export function labelsOfFolders(images: readonly DataFile[]): Labels | undefined {
  const folders = images.map(({ path }) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : ""));
  if (folders.includes("")) return undefined;
  const classes = [...new Set(folders)].sort();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return { labels: Int32Array.from(folders, (name) => numbers.get(name)!), classes };
}

/** @throws DataError for images without a label */
export function labelsOfMap(images: readonly DataFile[], map: LabelMap, classes?: readonly string[]): Labels {
  return match(
    images,
    Object.entries(map).map(([file, label]) => ({ file, label })),
    "the labels",
    classes,
  );
}

/** @throws DataError for a file that has no labels, and for images without one */
export async function labelsOfFile(
  images: readonly DataFile[],
  file: DataFile,
  limit: number,
  classes?: readonly string[],
): Promise<Labels> {
  const text = await readText(file, limit);
  const rows =
    extensionOf(file.path) === "csv"
      ? rowsOfCsv(text, file.path)
      : rowsOfJson(parseJson(text, file.path), file.path);
  return match(images, rows, file.path, classes);
}

function rowsOfJson(value: unknown, source: string): Row[] {
  if (isRecord(value))
    return Object.entries(value).map(([file, label]) => ({
      file,
      label: checkLabel(label, `${source}, ${file}`),
    }));
  if (!Array.isArray(value))
    throw new DataError(
      source,
      `must be an object of labels by file, or a list of { file, label }, not ${describe(value)}`,
    );
  return value.map((each: unknown, i) => {
    const where = `${source}[${i}]`;
    if (!isRecord(each))
      throw new DataError(where, `must be an object with a file and a label, not ${describe(each)}`);
    const file = each.file ?? each.path ?? each.filename;
    if (typeof file !== "string")
      throw new DataError(where, `has no file; it has ${Object.keys(each).join(", ")}`);
    const label = checkLabel(each.label ?? each.index ?? each.class, where);
    const name = each.name;
    return { file, label, name: typeof name === "string" && typeof label === "number" ? name : undefined };
  });
}

function checkLabel(value: unknown, where: string): number | string {
  if (isLabel(value)) return value;
  throw new DataError(
    where,
    `has the label ${describe(value)}; use the number of a class, from 0, or its name`,
  );
}

function rowsOfCsv(text: string, source: string): Row[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines.map((line, i) => {
    const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((cell) =>
      (cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "").trim(),
    );
    const [file, label] = cells;
    if (file === undefined || label === undefined || file === "" || label === "")
      throw new DataError(
        `${source}, line ${i + 1}`,
        `must be a file and a label with a comma between, not ${describe(line)}`,
      );
    return {
      file,
      label: /^\d+$/.test(label) ? checkLabel(Number(label), `${source}, line ${i + 1}`) : label,
    };
  });
  const header = rows[0] !== undefined && /^(file|filename|file_name|image|path|name)$/i.test(rows[0].file);
  return header ? rows.slice(1) : rows;
}

/** Names become numbers: their places among the classes, which are all names that occur, sorted, unless they are given. */
function match(
  images: readonly DataFile[],
  rows: readonly Row[],
  source: string,
  given?: readonly string[],
): Labels {
  const byFile = new Map(rows.map((row) => [row.file.replaceAll("\\", "/"), row]));
  const found = images.map(({ path }) => {
    const row = byFile.get(path) ?? byFile.get(path.slice(path.lastIndexOf("/") + 1));
    if (row === undefined)
      throw new DataError(path, `has no label in ${source}; add it, or leave the image out`);
    return row;
  });
  const classes = given ?? namesOf(rows);
  const numbers = new Map(classes?.map((name, i) => [name, i]));
  const labels = Int32Array.from(found, ({ file, label }) => {
    const number = typeof label === "number" ? label : numbers.get(label);
    if (number === undefined)
      throw new DataError(
        file,
        `has the label ${describe(label)} in ${source}, which is not among the classes`,
      );
    return number;
  });
  return { labels, classes };
}

function namesOf(rows: readonly Row[]): string[] | undefined {
  const names = rows.filter(({ label }) => typeof label === "string").map(({ label }) => String(label));
  if (names.length > 0) return [...new Set(names)].sort();
  const named: string[] = [];
  for (const { label, name } of rows)
    if (typeof label === "number" && name !== undefined && label < 1e6) named[label] = name;
  if (named.length === 0) return undefined;
  return Array.from(named, (name, i) => name ?? `class ${i}`);
}
