/**
 * `node packages/quantize/scripts/targets.ts` writes docs/targets.md: what each target runs and how, and what goes wrong there,
 * from the tables that export works by.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type EncodingRow, encodings, targetFaults, targets } from "@bitbudget/quantize";

const page = new URL("../../../docs/targets.md", import.meta.url);

const introduction = `# Targets

How \`exportModel\` of [@bitbudget/quantize](../packages/quantize/README.md) writes a layer, and what its target makes of that.
A layer is written by the first row that fits its scheme. **native** is arithmetic on the codes, **decoded** expands codes to
floats first. \`js\` and \`wasm\` are this project's runtime on these backends, \`ort-wasm\` and \`ort-webgpu\` are
onnxruntime-web 1.30, \`ort-node\` is onnxruntime-node 1.30. Generated from the tables of the package by
\`node packages/quantize/scripts/targets.ts\`; a test compares.`;

/** Those that there are: this project has no backend on WebGPU yet. */
const shown = targets.filter((target) => target !== "webgpu");

/** The text of the page. */
export function targetsPage(): string {
  const header = ["layers", "weights", "mapping", "scales", "activations", "written as", ...shown, ""];
  const rows = encodings.map((row) => [
    row.layers.join(", "),
    row.weight.join(", "),
    row.mapping.join(", "),
    scalesOf(row),
    activationsOf(row),
    row.operators,
    ...shown.map((target) => (row.targets.includes(target) ? row.how : "")),
    row.note ?? "",
  ]);
  const faults = targetFaults.map(({ targets: those, detail, evidence }) => [
    those.join(", "),
    detail,
    evidence,
  ]);
  return [
    introduction,
    "## Encodings",
    table(header, rows),
    "## Faults",
    "What a target does not load, or computes otherwise than its operators say. Those of `ort-wasm` and `ort-node` are measured again in the tests.",
    table(["targets", "what to do instead", "evidence"], faults),
    "",
  ].join("\n\n");
}

function scalesOf({ granularity, blocks }: EncodingRow): string {
  const sizes =
    blocks === undefined
      ? ""
      : ` of ${blocks.least} to ${blocks.most}${blocks.powersOfTwo ? ", powers of two" : ""}`;
  return granularity.map((name) => (name === "block" ? `block${sizes}` : name)).join(", ");
}

function activationsOf({ activation, dynamic }: EncodingRow): string {
  if (activation === "float") return "float";
  return `${dynamic === true ? "dynamic" : "static"} ${activation.join(", ")}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, targetsPage());
