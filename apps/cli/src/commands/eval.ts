/** `bitbudget eval`: a figure of a model on data, with its interval, and how far it is from another model's. */
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import { createSession, type Session } from "@bitbudget/runtime";
import type { Interval } from "@bitbudget/search";
import { agreement } from "@bitbudget/train";
import { type CommandSpec, type Context, cacheOption, jsonOption } from "../command.ts";
import { choose, dataOptions, interruptible, openDataset } from "../data.ts";
import { CliError, UsageError } from "../errors.ts";
import { difference, figure } from "../eval/figures.ts";
import { type MetricName, metricNames, metricOf, type Place, Scores } from "../eval/scores.ts";
import { inputsOf } from "../models/describe.ts";
import { openSource } from "../models/open.ts";
import type { Values } from "../options.ts";
import { textTable } from "../terminal/table.ts";
import { Progress } from "../terminal/terminal.ts";

const BATCH = 32;

export const evalCommand: CommandSpec = {
  name: "eval",
  summary: "Measures a model on data, with 95% intervals, alone or against another model",
  notes: `
Metrics:
  accuracy    part of the labels that have the largest logit (the default where data has labels)
  top5        part of the labels among the five largest logits
  nats        mean of -log(probability of the label); exp of it is the perplexity of a language model
  divergence  mean of KL(other || model) in nats; needs no labels, but --against

A difference is that of the same samples: its interval is much narrower than those of both models suggest.

Examples:
  $ bitbudget eval model.onnx --data photos --preprocessing preprocessing.json
  $ bitbudget eval model.w4.onnx --data photos --preprocessing preprocessing.json --against model.onnx
  $ bitbudget eval model.w4.onnx --data unlabelled --metric divergence --against model.onnx`,
  options: [
    ...dataOptions,
    { name: "metric", type: "text", choices: metricNames, help: "What is measured" },
    { name: "against", type: "path", placeholder: "MODEL", help: "Another model, on the same samples" },
    {
      name: "output",
      type: "text",
      placeholder: "NAME",
      help: "Output with the logits; the first, unless given",
    },
    {
      name: "classAxis",
      type: "integer",
      placeholder: "N",
      help: "Axis of the classes in it; the last, unless given",
    },
    { name: "backend", type: "text", choices: ["wasm", "js"], help: "What it runs on; wasm, unless given" },
    jsonOption,
    cacheOption,
  ],
  run,
};

async function run(context: Context, source: string, values: Values): Promise<void> {
  const { terminal, signal } = context;
  const isFresh = values.flag("cache") === false;
  if (values.text("data") === undefined)
    throw new UsageError(
      "eval measures on data; give --data PATH, as a folder of images in folders by class",
    );
  const { file } = await openSource(context, source, isFresh);
  await using _ = file;
  const data = await openDataset(context, values, inputsOf(Graph.of(file.model)), BATCH);
  const chosen = choose(data, values.integer("samples"), values.integer("seed") ?? 0);
  const batches = interruptible(chosen, signal);
  const against = values.text("against");

  await using backend = values.text("backend") === "js" ? await openJs() : await openWasm();
  await using session = await createSession(file, { backend });
  const place: Place = { logits: outputOf(session, values), axis: values.integer("classAxis") ?? -1 };
  const other = against === undefined ? undefined : await openSource(context, against, isFresh);
  await using _other = other?.file;
  await using reference = other && (await createSession(other.file, { backend }));
  if (reference !== undefined && !reference.outputs.some(({ name }) => name === place.logits))
    throw new UsageError(`${against} has no output ${place.logits}; choose one that both have with --output`);

  const progress = new Progress(terminal);
  let metric: MetricName | undefined;
  let own: Scores | undefined;
  let theirs: Scores | undefined;
  const sameAs = reference && new Scores(agreement(place), place);
  let done = 0;
  for await (const batch of batches.epoch(0, 0)) {
    metric ??= metricFor(values, batch.targets.labels !== undefined, against);
    own ??= new Scores(metricOf(metric, place), place);
    const results = await session.run(batch.feeds);
    const found = await reference?.run(batch.feeds);
    const teacher = found?.[place.logits];
    const classes = results[place.logits]?.shape.at(place.axis);
    if (metric !== "divergence") checkClasses(data.classes, classes, values);
    const needed = {
      ...batch,
      targets: metric === "divergence" && teacher ? { teacher } : labelsOf(batch.targets),
    };
    own.add(results, needed);
    if (found !== undefined && teacher !== undefined) {
      sameAs?.add(results, { ...batch, targets: { teacher } });
      if (metric !== "divergence") {
        theirs ??= new Scores(metricOf(metric, place), place);
        theirs.add(found, needed);
      }
    }
    progress.update("batches", ++done, batches.length);
  }
  progress.end();
  if (metric === undefined || own === undefined)
    throw new CliError("the data has no full batch; give more samples, or a smaller --batch");
  const result = {
    ...{ model: source, metric, samples: own.sums.length },
    ...figure(own),
    against: against && theirs ? { model: against, ...figure(theirs) } : against,
    difference: theirs && difference(own, theirs),
    agreement: sameAs && figure(sameAs),
  };
  if (values.flag("json") === true) terminal.json(result);
  else print(context, result);
}

function outputOf({ outputs }: Session, values: Values): string {
  const name = values.text("output") ?? outputs[0]?.name ?? "";
  if (outputs.some((each) => each.name === name)) return name;
  throw new UsageError(
    `--output: the model has no output ${name}; it has ${outputs.map((each) => each.name).join(", ")}`,
  );
}

function metricFor(values: Values, hasLabels: boolean, against: string | undefined): MetricName {
  const given = metricNames.find((name) => name === values.text("metric"));
  const metric = given ?? (hasLabels || against === undefined ? "accuracy" : "divergence");
  if (metric === "divergence" && against === undefined)
    throw new UsageError("--metric divergence compares two models; name the other with --against");
  if (metric !== "divergence" && !hasLabels)
    throw new CliError(
      `the data has no labels, which ${metric} needs; put images into folders by class, add --labels FILE, or compare ` +
        "with another model: --metric divergence --against MODEL",
    );
  return metric;
}

/** Names of folders are numbered in their order, which is that of the model only where all of its classes are there. */
function checkClasses(
  classes: readonly string[] | undefined,
  count: number | undefined,
  values: Values,
): void {
  if (classes === undefined || count === undefined || classes.length === count) return;
  const seen = `${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", ..." : ""}`;
  throw new CliError(
    `the labels do not match: the data has ${classes.length} classes (${seen}) and the model ${count}. ` +
      (values.text("classes") === undefined
        ? "Name all classes of the model, in its order, with --classes FILE"
        : "Correct the file of --classes"),
  );
}

function labelsOf({ labels }: Readonly<Record<string, unknown>> & Parameters<Scores["add"]>[1]["targets"]) {
  return labels === undefined ? {} : { labels };
}

interface Result extends Interval {
  readonly model: string;
  readonly metric: MetricName;
  readonly samples: number;
  readonly against: string | ({ readonly model: string } & Interval) | undefined;
  readonly difference: Interval | undefined;
  readonly agreement: Interval | undefined;
}

function print({ terminal }: Context, result: Result): void {
  const { model, metric, samples, against, agreement: same } = result;
  const isShare = metric === "accuracy" || metric === "top5";
  const percent = (x: number) => `${(100 * x).toFixed(2)}%`;
  const show = isShare ? percent : (x: number) => `${Number(x.toPrecision(4))} nats`;
  const row = (name: string, { estimate, low, high }: Interval, format: (x: number) => string) => [
    name,
    format(estimate),
    `[${format(low)}, ${format(high)}]`,
  ];
  const rows = [["", metric, "95% interval"], row(model, result, show)];
  if (typeof against === "object") rows.push(row(against.model, against, show));
  if (result.difference !== undefined) rows.push(row("difference", result.difference, show));
  if (same !== undefined) rows.push(row("same predictions", same, percent));
  terminal.print(textTable(rows, [1]));
  terminal.print(`${samples} samples`);
}
