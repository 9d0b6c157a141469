/** What threads mean for the process: it can end while they sleep, they end with their backend, and one may die. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const dist = new URL("../../dist/", import.meta.url).href;

/** Standard output of a script that knows `openWith` and `Threads`, the list of all worker threads that were started. */
async function output(script: string, flags: readonly string[] = []): Promise<string> {
  const prologue = `
    const threads = process.getBuiltinModule("node:worker_threads");
    const started = [];
    let ended = 0;
    threads.Worker = class extends threads.Worker {
      constructor(...args) {
        super(...args);
        started.push(this);
        this.on("exit", () => ended++);
      }
    };
    const { openWith } = await import("${dist}open.js");
  `;
  const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "-e", prologue + script], {
    timeout: 60_000,
  });
  return stdout.trim();
}

const timeout = 60_000;

test("threads that sleep keep no process alive", { timeout }, async () => {
  const script = `await openWith({ threads: 3, allUp: true }); console.log(started.length);`;
  expect(await output(script)).toBe("2");
});

test("50 backends leave neither threads nor memory", { timeout }, async () => {
  const script = `
    const type = { dtype: "uint8", shape: [8 * 2 ** 20] };
    async function rounds(count) {
      for (let i = 0; i < count; i++) {
        const backend = await openWith({ threads: 2, allUp: i % 2 === 0 });
        await backend.read(backend.create(type));
        await backend.dispose();
      }
      for (let i = 0; i < 5; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return process.memoryUsage().rss;
    }
    const before = await rounds(10);
    const after = await rounds(40);
    // 40 times 16 MiB, of the tensor and of what was read, would be 640.
    console.log(started.length, ended, after - before < 200 * 2 ** 20 ? "no more memory" : after - before);
  `;
  expect(await output(script, ["--expose-gc"])).toBe("50 50 no more memory");
});

test("a thread that dies is an error of the next call", { timeout }, async () => {
  const script = `
    const backend = await openWith({ threads: 2, allUp: true, minimumWork: 0 });
    const spec = { op: "softmax", inputs: [{ dtype: "float32", shape: [8, 8] }], attributes: { axis: 1 } };
    const kernel = await backend.prepare(spec);
    const [x, y] = [backend.create(spec.inputs[0]), backend.create(spec.inputs[0])];
    const dispatch = () => backend.dispatch(kernel, [x], [y]);
    dispatch();
    const dying = started[0].terminate();
    // Before anybody can know, this thread does it all.
    dispatch();
    console.log((await backend.read(y)).data[63]);
    await dying;
    try {
      dispatch();
    } catch (error) {
      console.log(error.code, error.message);
    }
    await backend.dispose();
  `;
  const [value, error] = (await output(script)).split("\n");
  expect(value).toBe("0.125");
  expect(error).toMatch(/^THREAD a thread has ended: .*{ threads: 1 }/);
});

test("a process that allows no threads has to ask for one alone", { timeout }, async () => {
  const script = `
    await openWith({ threads: 2 }).catch(({ code, message }) => console.log(code, message));
    const backend = await openWith({ threads: 1 });
    console.log(backend.device.key);
  `;
  const flags = ["--permission", "--allow-fs-read=*"];
  const [error, key] = (await output(script, flags)).split("\n");
  expect(error).toMatch(/^THREAD a thread could not be started: .*{ threads: 1 }/);
  expect(key).toContain("/1 thread/");
});
