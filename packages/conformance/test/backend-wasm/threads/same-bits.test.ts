/** Results do not depend on how many threads took part: every case of the suite, to the last bit. */
import { type AnySpec, type Backend, runOnce } from "@bitbudget/backend";
import { openWith } from "@bitbudget/backend-wasm/internal";
import type { HostTensor } from "@bitbudget/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Case, cases, makeTensors } from "../../../src/index.ts";

const ops = [...new Set(cases.map(({ spec }) => spec.op))];

describe.each(["simd", "relaxed"] as const)("the %s build", (build) => {
  let alone: Backend;
  let many: Backend;
  beforeAll(async () => {
    const shared = { build, minimumWork: 0, allUp: true };
    [alone, many] = await Promise.all([
      openWith({ build, threads: 1 }),
      openWith({ ...shared, threads: 3, canWait: typeof document === "undefined" }),
    ]);
  });
  afterAll(() => Promise.all([alone.dispose(), many.dispose()]));

  test.for(ops)("%s on three threads as on one", async (op) => {
    for (const each of cases)
      if (each.spec.op === op && alone.supports(each.spec).supported)
        expect(bits(await solve(many, each)), each.id).toEqual(bits(await solve(alone, each)));
  });
});

async function solve(backend: Backend, each: Case): Promise<HostTensor[]> {
  const { inputs, weights } = makeTensors(each);
  using kernel = await backend.prepare<AnySpec["op"]>(each.spec, weights);
  return runOnce(backend, kernel, inputs);
}

function bits(tensors: readonly HostTensor[]): Uint8Array[] {
  return tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
