/** Runs the real command in a process of its own, on files in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { files, imageBytes, imageSize, shapeClasses, shapeImages, writePng } from "@bitbudget/zoo";

export const bin = fileURLToPath(new URL("../dist/bin.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Is given the process when it has started. */
  readonly during?: (child: ChildProcess) => void;
  /** What starts it: a shell that sets limits. Default: nothing. */
  readonly through?: readonly string[];
}

/** A folder with the model, photographs in folders by class, their preprocessing and classes; and what runs the command there. */
export class Workplace implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "bitbudget-cli-"));

  static async make(images: number): Promise<Workplace> {
    const place = new Workplace();
    copyFileSync(fileURLToPath(files.shapesCnn), place.path("model.onnx"));
    place.write("preprocessing.json", JSON.stringify({ scale: 1 / 255 }));
    place.write("classes.txt", shapeClasses.join("\n"));
    const { pixels, labels } = shapeImages({ split: "test", count: images });
    for (const [i, label] of labels.entries()) {
      const folder = place.path("photos", shapeClasses[label]!);
      mkdirSync(folder, { recursive: true });
      const [width, height] = [imageSize, imageSize];
      const png = await writePng({
        ...{ width, height, texts: {} },
        pixels: pixels.subarray(i * imageBytes, (i + 1) * imageBytes),
      });
      writeFileSync(join(folder, `${i}.png`), png);
    }
    return place;
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return name;
  }

  run(
    args: readonly string[],
    { cwd = this.folder, env, during, through = [] }: RunOptions = {},
  ): Promise<Ended> {
    const [program = "", ...rest] = [...through, process.execPath, bin, ...args];
    const child = spawn(program, rest, {
      cwd,
      env: { PATH: process.env.PATH ?? "", HOME: this.folder, XDG_CACHE_HOME: this.path("cache"), ...env },
    });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        out[name] += text;
      });
    during?.(child);
    return new Promise((done, fail) => {
      child.on("error", fail);
      child.on("close", (code) => done({ code, ...out }));
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
