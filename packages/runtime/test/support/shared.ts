/** The folder of models and data beside the repository, which does not contain it. It may be absent, but not in CI. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../../../shared/", import.meta.url));

/** Path of something in the folder. */
export function shared(path: string): string {
  return folder + path;
}

/** Whether something is there. Says so when it is not, and throws in CI. */
export function haveShared(path: string, tests: string): boolean {
  if (existsSync(shared(path))) return true;
  const reason = `${tests} skipped: ../shared/${path} beside the repository is absent`;
  if (process.env.CI !== undefined) throw new Error(reason);
  console.log(reason);
  return false;
}
