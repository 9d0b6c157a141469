/** Models on disk: ranges of large files, links and other traps, saving and reopening, and range requests to a server. */
import { link, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  create,
  ExternalDataError,
  equals,
  type MessageInitShape,
  ModelProtoSchema,
  openUrl,
  ParseError,
  type TensorProto,
  type TensorProtoSchema,
  tensorValue,
  toTensorProto,
  writeModel,
} from "../src/index.ts";
import { folderSource, openModel, saveModel } from "../src/node/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bitbudget-onnx-"));
});
afterEach(() => rm(folder, { recursive: true }));

const external = (
  name: string,
  location: string,
  offset = 0,
): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims: [2n],
  dataType: 1,
  dataLocation: 1,
  externalData: [
    { key: "location", value: location },
    { key: "offset", value: String(offset) },
  ],
});
const modelOf = (...initializer: ReturnType<typeof external>[]) =>
  create(ModelProtoSchema, { irVersion: 10n, graph: { initializer } });
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const filled = (name: string, elements: number): TensorProto =>
  toTensorProto(
    { dtype: "float32", shape: [elements], data: new Float32Array(elements).fill(elements) },
    name,
  );

describe("opening", () => {
  test("reads a range beyond 4 GiB of a file, and only that", async () => {
    const far = 5 * 2 ** 30;
    const big = await open(join(folder, "big.bin"), "w");
    await big.write(floats(7, 8), 0, 8, far);
    await big.close();
    await writeFile(
      join(folder, "m.onnx"),
      writeModel(modelOf(external("w", "big.bin", far), external("x", "big.bin", far + 4))),
    );
    await using file = await openModel(join(folder, "m.onnx"));
    const [w, x] = file.model.graph!.initializer;
    expect((await file.tensor(w!)).data).toEqual(Float32Array.of(7, 8));
    await expect(file.tensor(x!)).rejects.toThrow(/cut off/);
  });

  test("finds data in subfolders", async () => {
    await mkdir(join(folder, "data"));
    await writeFile(join(folder, "data", "w.bin"), floats(1, 2));
    await writeFile(join(folder, "m.onnx"), writeModel(modelOf(external("w", "data/w.bin"))));
    await using file = await openModel(join(folder, "m.onnx"));
    await file.load();
    expect(tensorValue(file.model.graph!.initializer[0]!).data).toEqual(Float32Array.of(1, 2));
  });

  test("refuses links, folders, and what is not there", async () => {
    await writeFile(join(folder, "secret"), floats(1, 2));
    await mkdir(join(folder, "model"));
    await symlink("../secret", join(folder, "model", "w.bin"));
    await symlink("..", join(folder, "model", "up"));
    await mkdir(join(folder, "model", "folder"));
    const source = folderSource(join(folder, "model"));
    await expect(source.read("w.bin", 0, 8)).rejects.toThrow(/is a link/);
    await expect(source.read("up/secret", 0, 8)).rejects.toThrow(/is a link/);
    await expect(source.read("folder", 0, 0)).rejects.toThrow(/not a file/);
    await expect(source.read("absent", 0, 0)).rejects.toThrow(/ENOENT/);
    await expect(source.read("../secret", 0, 8)).rejects.toThrow(ExternalDataError);
    await link(join(folder, "secret"), join(folder, "model", "same.bin"));
    expect(await source.read("same.bin", 4, 4)).toEqual(floats(2));
    await source.close();
  });

  test("refuses folders and empty files as models", async () => {
    await expect(openModel(folder)).rejects.toThrow();
    await writeFile(join(folder, "m.onnx"), "");
    await expect(openModel(join(folder, "m.onnx"))).rejects.toThrow(ParseError);
  });
});

describe("saving", () => {
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    graph: { initializer: [filled("a", 1000), filled("small", 2), filled("b", 2000)] },
  });
  const location = (tensor: TensorProto) => `weights/${tensor.name}.bin`;

  test("writes the bytes of writeModel, and no other file", async () => {
    await saveModel(model, join(folder, "m.onnx"));
    expect(new Uint8Array(await readFile(join(folder, "m.onnx")))).toEqual(writeModel(model));
    expect(await readdir(folder)).toEqual(["m.onnx"]);
  });

  test("moves data into several files and back", async () => {
    const path = join(folder, "m.onnx");
    await saveModel(model, path, { externalData: { location } });
    expect((await readdir(join(folder, "weights"))).sort()).toEqual(["a.bin", "b.bin"]);
    await using file = await openModel(path);
    expect(file.model.graph!.initializer.map((t) => t.dataLocation)).toEqual([1, 0, 1]);
    await file.load();
    expect(equals(ModelProtoSchema, file.model, model)).toBe(true);
  });

  test("copies data that stay on disk from one folder to another, in other files", async () => {
    await mkdir(join(folder, "there"));
    await saveModel(model, join(folder, "m.onnx"), { externalData: { location } });
    await using file = await openModel(join(folder, "m.onnx"));
    const target = join(folder, "there", "m.onnx");
    await saveModel(file.model, target, { externalData: { location: "all.bin" }, source: file.source });
    await using copy = await openModel(target);
    await copy.load();
    expect(equals(ModelProtoSchema, copy.model, model)).toBe(true);
  });

  test("rewrites a file that it is reading from", async () => {
    const path = join(folder, "m.onnx");
    await saveModel(model, path, { externalData: { location: "w.bin" } });
    await using file = await openModel(path);
    await file.load((tensor) => tensor.name === "a");
    await saveModel(file.model, path, { externalData: { location: "w.bin", alignment: 64 } });
    await using again = await openModel(path);
    await again.load();
    expect(equals(ModelProtoSchema, again.model, model)).toBe(true);
  });

  test("refuses references whose files are not there, and files it would take from under them", async () => {
    const lost = modelOf(external("w", "w.bin"));
    await expect(saveModel(lost, join(folder, "m.onnx"))).rejects.toThrow(/ENOENT/);
    expect(await readdir(folder)).toEqual([]);
    await writeFile(join(folder, "w.bin"), floats(1, 2));
    await saveModel(lost, join(folder, "m.onnx"));
    lost.graph!.initializer.push(filled("a", 1000));
    const replacing = saveModel(lost, join(folder, "m.onnx"), { externalData: { location: "w.bin" } });
    await expect(replacing).rejects.toThrow(/still refers to it/);
  });
});

describe("a model on a server", () => {
  const data = floats(1, 2, 3, 4);
  const ranged: RequestListener = (request, response) => {
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    if (request.url === "/dir/m.onnx") {
      response.end(
        writeModel(modelOf(external("w", "my data.bin", 8), external("short", "my data.bin", 12))),
      );
    } else if (request.url === "/dir/my%20data.bin" && range !== null) {
      response.writeHead(206).end(data.subarray(Number(range[1]), Number(range[2]) + 1));
    } else if (request.url === "/whole/m.onnx") {
      response.end(writeModel(modelOf(external("w", "w.bin"))));
    } else if (request.url === "/endless/m.onnx") {
      response.end(writeModel(modelOf(external("w", "w.bin"))));
    } else if (request.url === "/endless/w.bin") {
      // Says neither how much it sends nor when it stops.
      const more = () => response.write(data) && setImmediate(more);
      response
        .writeHead(206)
        .on("drain", more)
        .on("error", () => undefined);
      more();
    } else if (request.url === "/whole/w.bin") {
      response.end(data);
    } else {
      response.writeHead(404).end();
    }
  };

  test("is read by range requests, which the server must answer", async () => {
    const server = createServer(ranged).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const file = await openUrl(`${base}/dir/m.onnx`);
      const [w, short] = file.model.graph!.initializer;
      expect((await file.tensor(w!)).data).toEqual(Float32Array.of(3, 4));
      await expect(file.tensor(short!)).rejects.toThrow(/4 (bytes )?.*8/);
      const whole = await openUrl(`${base}/whole/m.onnx`);
      await expect(whole.load()).rejects.toThrow(/range requests/);
      const endless = await openUrl(`${base}/endless/m.onnx`);
      await expect(endless.load()).rejects.toThrow(/sent more bytes where 8/);
      await expect(openUrl(`${base}/none.onnx`)).rejects.toThrow(/404/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
