/**
 * `node packages/zoo/scripts/qat/resnet8.ts [epochs] [w4a4|w2a4 ...]`: quantization-aware training of ResNet-8 on 10,000
 * images of CIFAR-10 from its float weights, without labels, and how many labels of 5,000 others its integers find.
 */
import { open } from "@bitbudget/backend-wasm";
import { cifar10 } from "./cifar10.ts";
import { table } from "./recipe.ts";

const [epochs = "12", ...names] = process.argv.slice(2);
await using backend = await open();
await table(cifar10(backend), names.length > 0 ? names : ["w4a4", "w2a4"], Number(epochs));
