/** The recipes in docs end in lists of files, and all of them exist. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

test.each(["adding-an-op", "adding-a-dtype", "adding-a-backend"])("docs/%s.md", (name) => {
  const text = readFileSync(new URL(`docs/${name}.md`, root), "utf8");
  const list = text.slice(text.lastIndexOf("\nFiles"));
  const paths = [...list.matchAll(/^- `(.+)`$/gm)].map((match) => match[1] ?? "");
  expect(paths.length).toBeGreaterThan(8);
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  // Nothing but the list follows.
  expect(list.trim().split("\n").slice(2)).toHaveLength(paths.length);
});
