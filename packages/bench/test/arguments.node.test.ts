/** The command line: what it says, and what is wrong with it. */
import { describe, expect, test } from "vitest";
import { matches, parseArguments } from "../src/arguments.ts";
import { UsageError } from "../src/errors.ts";

test("a command and its options", () => {
  expect(
    parseArguments([
      "kernels",
      "--filter",
      "Conv uint8",
      "--threads",
      "2",
      "--json",
      "k.json",
      "--backend",
      "js,wasm",
    ]),
  ).toEqual({
    command: "kernels",
    filter: ["conv", "uint8"],
    threads: 2,
    backends: ["js", "wasm"],
    browser: false,
    models: "../shared/models",
    json: "k.json",
    list: false,
  });
});

test("defaults: everything, one thread, in Node", () => {
  expect(parseArguments(["models"])).toMatchObject({
    filter: [],
    threads: 1,
    backends: undefined,
    browser: false,
  });
  expect(parseArguments(["report", "a.json"])).toEqual({
    command: "report",
    files: ["a.json"],
    out: "report.html",
  });
});

test.each([["--help"], ["kernels", "--help"], ["-h"]])("help is asked for with %s", (...argv) => {
  expect(parseArguments(argv)).toEqual({ command: "help" });
});

describe("errors name what is wrong and what would be right", () => {
  test.each([
    [[], "name a command: kernels, models, train, first, limits, report or all"],
    [["kernel"], "kernel is no command; use kernels"],
    [["constructor"], "constructor is no command"],
    [["kernels", "--threads", "two"], '--threads: "two" is not an integer of 1 to 64'],
    [["kernels", "--threads", "0"], "1 to 64"],
    [["kernels", "--threads", "1.5"], "1 to 64"],
    [["kernels", "--backend", "wasm,gpu"], '--backend: "gpu" is no backend; use wasm, js'],
    [["kernels", "--backend", "js,js"], "--backend: js,js names one twice"],
    [["kernels", "conv", "3x3"], '--filter "conv 3x3"'],
    [["kernels", "--models", "x"], "kernels takes no --models"],
    [["first", "--browser"], "first takes no --browser"],
    [["report"], "report needs a file that --json wrote"],
    [["kernels", "--speed"], "--speed"],
    [["kernels", "--json"], "--json"],
  ])("%j", (argv, message) => {
    const parse = () => parseArguments(argv);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

test("a filter is words that all occur somewhere, whatever their case", () => {
  const row = { op: "conv 3x3", scheme: "uint8 x int8", shape: "64 to 64 channels" };
  expect(matches([], row)).toBe(true);
  expect(matches(["conv", "64"], row)).toBe(true);
  expect(matches(["conv", "float32"], row)).toBe(false);
});

test("everything at once has a folder of its own", () => {
  expect(parseArguments(["all", "--out", "results"])).toEqual({
    command: "all",
    models: "../shared/models",
    out: "results",
  });
});
