/** `bitbudget quantize`: a preset, what repairs it, verification, and only then a file. */
import { access, constants, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import { saveModel } from "@bitbudget/onnx/node";
import {
  isPreset,
  layersOf,
  presets,
  type QuantizedModel,
  quantizeModel,
  type Target,
  targets,
} from "@bitbudget/quantize";
import { createSession } from "@bitbudget/runtime";
import { type CommandSpec, type Context, cacheOption, jsonOption } from "../command.ts";
import { choose, dataOptions, held, interruptible, openDataset, preprocessingOption } from "../data.ts";
import { UsageError } from "../errors.ts";
import { isAddress } from "../models/address.ts";
import { externalFiles, inputsOf } from "../models/describe.ts";
import { openSource } from "../models/open.ts";
import type { Values } from "../options.ts";
import {
  describeRange,
  describeRepair,
  parseRange,
  parseRepair,
  rangeNames,
  repairNames,
} from "../repair.ts";
import { Runners, runnerNames } from "../runners.ts";
import { formatBytes, textTable } from "../terminal/table.ts";
import { Progress } from "../terminal/terminal.ts";

const SAMPLES = 128;
const BATCH = 8;

export const quantizeCommand: CommandSpec = {
  name: "quantize",
  summary: "Quantizes a model by a preset, verifies the result, and writes it",
  notes: `
Presets:
${textTable(Object.entries(presets).map(([name, text]) => [`  ${name}`, text]))}

int8-static needs data, unlabelled: a hundred samples like those that the model will see. With data, every preset tries
repairs and ranges and keeps what comes closest to the float model; --repair none and --range min-max do not.
Nothing is written unless the result computes the same on every runtime of --verify.

Examples:
  $ bitbudget quantize model.onnx --preset w8
  $ bitbudget quantize model.onnx --preset int8-static --data photos --preprocessing preprocessing.json
  $ bitbudget quantize model.onnx --preset w4 --data photos --repair refine --target ort-wasm --verify ort-web,ort-node`,
  options: [
    { name: "preset", type: "text", choices: Object.keys(presets), help: "What becomes of the layers" },
    {
      name: "target",
      type: "text",
      choices: targets,
      help: "Runtime that the file is for; wasm, unless given",
    },
    {
      name: "out",
      type: "path",
      placeholder: "FILE",
      help: "Where it goes; MODEL.PRESET.onnx beside the model, unless given",
    },
    ...dataOptions,
    {
      name: "repair",
      type: "list",
      placeholder: "LIST",
      choices: repairNames,
      help: "What is done about lost precision; auto, unless given",
    },
    {
      name: "range",
      type: "text",
      placeholder: "METHOD",
      help: `How ranges of activations are found: ${rangeNames.join(", ")}, or a percentile as 99.9; auto, unless given`,
    },
    {
      name: "encoding",
      type: "text",
      choices: ["qdq", "qoperator"],
      help: "How operators on codes are written; qdq, unless given",
    },
    {
      name: "verify",
      type: "list",
      placeholder: "LIST",
      choices: runnerNames,
      help: "Runtimes that must agree; that of the target, unless given",
    },
    jsonOption,
    cacheOption,
  ],
  run,
};

async function run(context: Context, source: string, values: Values): Promise<void> {
  const began = performance.now();
  const { terminal, signal } = context;
  const preset = values.text("preset");
  if (!isPreset(preset)) throw new UsageError(`quantize needs --preset: ${Object.keys(presets).join(", ")}`);
  const repair = parseRepair(values.list("repair"));
  const range = parseRange(values.text("range"));
  const encoding = values.text("encoding");
  const target = targetOf(values);
  requireData(values, preset, repair);
  const { path, file } = await openSource(context, source, values.flag("cache") === false);
  await using _ = file;
  const out = values.text("out") ?? defaultOut(source, path, preset);
  await checkOut(out, path);
  const before =
    (await stat(path)).size + [...externalFiles(file.model).values()].reduce((sum, bytes) => sum + bytes, 0);

  await using runners = await Runners.open(context, values.list("verify"), target);
  await using backend = await openWasm();
  const batches = await batchesOf(context, values, file.model);
  const [input, ...others] = inputsOf(Graph.of(file.model));
  const { preprocessing } = await preprocessingOption(values, others.length === 0 ? input?.name : undefined);
  const progress = new Progress(terminal);
  const made = await quantizeModel(file, {
    preset,
    target,
    backend,
    signal,
    ...(repair !== undefined && { repair }),
    ...(range !== undefined && { range }),
    ...(encoding !== undefined && { encoding: encoding === "qoperator" ? "qoperator" : "qdq" }),
    ...(batches && { batches, runners: runners.factories }),
    ...(preprocessing && { preprocessing }),
    onProgress: (stage, done, of) => progress.update(stage, done, of),
  });
  if (batches === undefined) await load(made, { ...runners.factories }, backend);
  progress.end();
  signal.throwIfAborted();
  await saveModel(made.model, out);

  const result = {
    ...{ model: source, out, preset, target },
    bytes: { before, after: (await stat(out)).size },
    layers: { quantized: Object.keys(made.assignment).length, of: layersOf(Graph.of(file.model)).length },
    repair: made.repair,
    range: made.range,
    attempts: made.attempts,
    verification: made.verification?.runners,
    seconds: (performance.now() - began) / 1000,
  };
  if (values.flag("json") === true) terminal.json(result);
  else print(context, made, result);
}

function targetOf(values: Values): Target {
  const name = values.text("target") ?? "wasm";
  return targets.find((each) => each === name) ?? "wasm";
}

/** Before anything is downloaded or run. */
function requireData(values: Values, preset: string, repair: ReturnType<typeof parseRepair>): void {
  if (values.text("data") !== undefined) return;
  const how = "give --data PATH: a hundred samples like those that the model will see, without labels";
  if (preset === "int8-static")
    throw new UsageError(
      `int8-static finds the ranges of activations on data; ${how}, or take int8-dynamic or w8, which need none`,
    );
  if (repair !== undefined && repair !== "auto" && Object.keys(repair).length > 0)
    throw new UsageError(`--repair looks at activations; ${how}, or say --repair none`);
}

function defaultOut(source: string, path: string, preset: string): string {
  const name = `${basename(path).replace(/\.onnx$/i, "")}.${preset}.onnx`;
  return isAddress(source) ? name : join(dirname(path), name);
}

/** What would fail after minutes, fails now. */
async function checkOut(out: string, model: string): Promise<void> {
  const folder = dirname(resolve(out));
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === "ENOENT" ? "does not exist" : `cannot be written to (${error.code})`;
    throw new UsageError(`--out: the folder ${folder} ${reason}; make it, or choose another`);
  });
  const info = await stat(out).catch(() => undefined);
  if (info?.isDirectory() === true) throw new UsageError(`--out: ${out} is a folder; name a file in it`);
  if (info !== undefined && (await realpath(out)) === (await realpath(model)))
    throw new UsageError(`--out: ${out} is the model itself; choose another name`);
}

async function batchesOf(context: Context, values: Values, model: Parameters<typeof Graph.of>[0]) {
  if (values.text("data") === undefined) return undefined;
  const data = await openDataset(context, values, inputsOf(Graph.of(model)), BATCH);
  const chosen = choose(data, values.integer("samples") ?? SAMPLES, values.integer("seed") ?? 0);
  return interruptible(await held(chosen), context.signal);
}

/** Without data it can be shown that runtimes take the file, not what they compute. */
async function load(
  { model }: QuantizedModel,
  factories: Runners["factories"],
  backend: Awaited<ReturnType<typeof openWasm>>,
): Promise<void> {
  await using _ = await createSession(model, { backend });
  for (const open of Object.values(factories)) await (await open(model)).dispose();
}

interface Result {
  readonly model: string;
  readonly out: string;
  readonly bytes: { readonly before: number; readonly after: number };
  readonly layers: { readonly quantized: number; readonly of: number };
}

function print({ terminal }: Context, made: QuantizedModel, { model, out, bytes, layers }: Result): void {
  const { attempts, verification } = made;
  const decibels = (error: number) => `${(-10 * Math.log10(error)).toFixed(1)} dB`;
  const isChosen = (each: (typeof attempts)[number]) =>
    describeRepair(each.repair) === describeRepair(made.repair) &&
    describeRange(each.range) === describeRange(made.range);
  const [float] = verification?.runners ?? [];
  const same = float?.sameAsReference;
  const rows = [
    [
      "size",
      `${formatBytes(bytes.before)} -> ${formatBytes(bytes.after)} (${(bytes.before / bytes.after).toFixed(2)}x smaller)`,
    ],
    ["layers", `${layers.quantized} of ${layers.of} quantized`],
    ["repair", describeRepair(made.repair)],
    ["ranges", describeRange(made.range)],
    ...(same === undefined ? [] : [["predictions as the float model's", `${same.same} of ${same.of}`]]),
  ];
  terminal.print(textTable(rows.map(([name = "", text = ""]) => [name, text])));
  if (attempts.length > 0)
    terminal.print(
      `\n${textTable(
        [
          ["repair", "ranges", "signal to noise", ""],
          ...attempts.map((each) => [
            describeRepair(each.repair),
            describeRange(each.range),
            decibels(each.error),
            isChosen(each) ? "<- chosen" : "",
          ]),
        ],
        [2],
      )}`,
    );
  if (verification !== undefined) terminal.print(`\n${verification}`);
  else terminal.print("\nNot compared with the float model: there was no --data. It loads on each runtime.");
  terminal.print(`\n${terminal.bold(out)} is written. See what it costs in accuracy:`);
  terminal.print(`  bitbudget eval ${quoted(out)} --data LABELLED --against ${quoted(model)}`);
}

function quoted(path: string): string {
  return /^[\w./:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
