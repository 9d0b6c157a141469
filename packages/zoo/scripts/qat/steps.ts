/**
 * `node packages/zoo/scripts/qat/steps.ts [images] [epochs] [seeds]`: learned steps (LSQ) against fixed ones from minimum
 * and maximum, weights and activations of ResNet-8 at 4, 3 and 2 bits, the same training for both, with several seeds.
 */
import { open } from "@bitbudget/backend-wasm";
import type { CodeFormat, QuantizerMethod } from "@bitbudget/train";
import { cifar10 } from "./cifar10.ts";
import { learn, measure, percent, rows } from "./recipe.ts";

const [count = 2000, epochs = 2, seeds = 3] = process.argv.slice(2).map(Number);
await using backend = await open();
const all = cifar10(backend);
const task = { ...all, images: rows(all.images, 0, count), held: all.held.slice(0, 4) };
console.log(`float: ${percent(await measure(task.float, task))} on ${task.held.length * 250} images`);
console.log(`${count} images, ${epochs} epochs, seeds 1 to ${seeds}; mean (smallest to largest)\n`);
console.log("| bits | fixed steps | learned steps | difference |\n|---|---|---|---|");
for (const bits of [4, 3, 2]) {
  const run = async (method: QuantizerMethod) => {
    const found: number[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const scheme = {
        weight: { dtype: `int${bits}` as CodeFormat },
        activation: { dtype: `uint${bits}` as CodeFormat },
      };
      found.push((await learn(task, { scheme, method, epochs, seed })).outcome.learned);
    }
    return found;
  };
  const [fixed, learned] = [await run("fixed"), await run("lsq")];
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const show = (values: readonly number[]) =>
    `${percent(mean(values))} (${percent(Math.min(...values))} to ${percent(Math.max(...values))})`;
  console.log(`| ${bits} | ${show(fixed)} | ${show(learned)} | +${percent(mean(learned) - mean(fixed))} |`);
}
