/** `node scripts/plan.ts MODEL [NAME=SHAPE ...]`: prints the plan of a model on backend-js for feeds of zeros. */
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { createSession } from "../src/index.ts";

const [path, ...shapes] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: node scripts/plan.ts MODEL [NAME=1,3,224,224 ...]");
const given = new Map(
  shapes.map((text) => [text.split("=")[0], (text.split("=")[1] ?? "").split(",").map(Number)]),
);
await using backend = await open();
await using session = await createSession(path, { backend });
const feeds = Object.fromEntries(
  session.inputs.map(({ name, dtype, shape }) => [
    name,
    tensor(
      dtype ?? "float32",
      given.get(name) ?? shape?.map((size) => (typeof size === "number" ? size : 1)) ?? [],
    ),
  ]),
);
await session.run(feeds);
console.log(String(session.plan));
