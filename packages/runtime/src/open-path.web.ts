/** Where there are no files to open by path. The `imports` of package.json choose between this and open-path.node.ts. */
import type { ModelFile } from "@bitbudget/onnx";

export async function openPath(path: string | URL): Promise<ModelFile> {
  throw new Error(`${path} is a path, and there is no file system here; give a URL, a File or the bytes`);
}
