/** The real models beside the repository, which it does not contain. Locally they may be absent; in CI they may not. */
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const sharedFolder = fileURLToPath(new URL("../../../../../shared/", import.meta.url));

/** Whether `../shared` is there. Says so when it is not, and throws in CI. */
export function haveShared(test: string): boolean {
  if (existsSync(sharedFolder)) return true;
  const reason = `${test}: skipped, because the folder ../shared beside the repository is absent`;
  if (process.env.CI !== undefined) throw new Error(reason);
  console.warn(reason);
  return false;
}

/** Paths of all real models, the quantized ones too. */
export function sharedModels(): string[] {
  return ["models/", "models/quantized/"].flatMap((folder) =>
    readdirSync(sharedFolder + folder)
      .filter((name) => name.endsWith(".onnx"))
      .map((name) => sharedFolder + folder + name),
  );
}
