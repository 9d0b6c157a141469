#!/usr/bin/env node
/** The command `bitbudget`. */
import { readFile } from "node:fs/promises";
import { exitCodes } from "./errors.ts";
import { main } from "./main.ts";

const stop = new AbortController();
process.on("SIGINT", () => {
  // Who asks twice does not want to wait.
  if (stop.signal.aborted) process.exit(exitCodes.interrupted);
  stop.abort();
});
// Whoever reads may stop early: `bitbudget inspect model.onnx | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  throw error;
});

const { version }: { version: string } = JSON.parse(
  await readFile(new URL("../package.json", import.meta.url), "utf8"),
);
const { stdout, stderr, env } = process;
const code = await main(process.argv.slice(2), { version, stdout, stderr, env, signal: stop.signal });
// Threads of backends and of onnxruntime would keep the process.
stdout.write("", () => stderr.write("", () => process.exit(code)));
