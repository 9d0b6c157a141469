/** Where models come from: `hf:owner/name/file` is short for a file on the Hugging Face Hub. */
import { UsageError } from "../errors.ts";

const HUB = "https://huggingface.co";

/** Whether it is no path. */
export function isAddress(source: string): boolean {
  return /^(https?|hf):/i.test(source);
}

/**
 * @param env BITBUDGET_HF_URL is another base, as of a mirror
 * @returns undefined for paths
 * @throws UsageError for an hf: that names no file
 */
export function urlOf(source: string, env: Readonly<Record<string, string | undefined>>): URL | undefined {
  if (!isAddress(source)) return undefined;
  if (!/^hf:/i.test(source)) {
    if (URL.canParse(source)) return new URL(source);
    throw new UsageError(`${source} is not a URL; write https://host/path/model.onnx`);
  }
  const [owner = "", name = "", ...file] = source.slice(3).split("/");
  const parts = [owner, name, ...file];
  if (file.length === 0 || parts.some((part) => part === "" || part === "." || part === ".."))
    throw new UsageError(
      `${source} names no file; write hf:owner/name/path/of/model.onnx, as hf:onnx-community/mobilenet_v2_1.0_224/onnx/model.onnx`,
    );
  const path = parts.map(encodeURIComponent);
  path.splice(2, 0, "resolve", "main");
  return new URL(`${(env.BITBUDGET_HF_URL || HUB).replace(/\/+$/, "")}/${path.join("/")}`);
}
