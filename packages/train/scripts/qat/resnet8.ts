/**
 * `node packages/train/scripts/qat/resnet8.ts [epochs] [w4a4|w2a4 ...]`: quantization-aware training of ResNet-8 on 10,000
 * images of CIFAR-10 from its float weights, without labels, and a table of what the integers find in 5,000 others.
 */
import { open } from "@bitbudget/backend-wasm";
import type { CodeFormat } from "@bitbudget/train";
import { cifar10 } from "./cifar10.ts";
import { learn, measure, percent } from "./recipe.ts";

const [epochs = "20", ...asked] = process.argv.slice(2);
await using backend = await open();
const task = cifar10(backend);
const float = await measure(task.float, task);
console.log(`float: ${percent(float)}`);
const lines: string[] = [];
for (const name of asked.length > 0 ? asked : ["w4a4", "w2a4"]) {
  const [, weight, activation] = /^w(\d)a(\d)$/.exec(name) ?? [];
  const { outcome } = await learn(task, {
    scheme: {
      weight: { dtype: `int${weight}` as CodeFormat },
      activation: { dtype: `uint${activation}` as CodeFormat },
    },
    epochs: Number(epochs),
    log: (line) => console.log(`${name}: ${line}`),
  });
  const { rounded, learned, comparison, bytes, seconds, cpuSeconds } = outcome;
  const { agreeing, predictions, largestDifference, meanDifference } = comparison;
  lines.push(
    `| ${name.toUpperCase()} | ${percent(rounded)} | ${percent(learned)} | ${percent(learned - float)} | ${agreeing} of ${predictions} | ${largestDifference}, ${meanDifference} | ${bytes} | ${seconds.toFixed(0)} | ${cpuSeconds.toFixed(0)} |`,
  );
}
console.log(
  "\n| | rounded | learned | less float | agreeing predictions | difference of outputs: largest, mean | bytes | s | CPU s |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const line of lines) console.log(line);
