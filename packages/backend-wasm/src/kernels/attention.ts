/** attention: softmax(scale * q k^T + mask) v in one kernel, a tile of keys at a time. */
import { type AttentionSize, attentionSize, broadcastStrides, type KernelSpec } from "@bitbudget/backend";
import { SCRATCH_BYTES } from "../context.ts";
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";
import { PANEL } from "../weighted/product.ts";

/** Rows of queries that are worth packing keys and values for again: a unit of work that threads share. */
const UNIT_ROWS = 96;
/** As in assembly/attention.as. */
const ROW_GROUP = 24;
const FEW_ROWS = 8;
/** Keys of a tile where memory would do for more: their scores stay in the first-level cache. */
const MOST_KEYS = 256;

export const attention = wasmKernel(
  withHalves<"attention">({
    rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
    refuse(spec) {
      const { d, dv } = attentionSize(spec);
      return split(attentionSize(spec)).tileKeys > 0 ? undefined : `no heads of ${d} and ${dv} elements`;
    },
    compile(context, spec, _weights, owned) {
      const sizes = attentionSize(spec);
      const { batch, heads, kvHeads, m, n, d, dv } = sizes;
      const { unitRows, units, tileKeys } = split(sizes);
      const { scale, causal = false } = spec.attributes;
      const zeros = owned.allocate(4 * Math.max(tileKeys, padded(dv)));
      const group = kvHeads === 0 ? 0 : heads / kvHeads;
      const fields = [kvHeads, group, m, n, d, dv, causal ? 1 : 0, unitRows, units, tileKeys];
      const record = Int32Array.from([...fields, 0, ...maskStrides(spec, sizes), zeros]);
      new Float32Array(record.buffer)[fields.length] = scale;
      const at = owned.store(record);
      const work = batch * heads * m * n * (d + dv + 8);
      return ([q, k, v, mask], [y]) =>
        context.run("attentionF32", batch * kvHeads * units, work, q!, k!, v!, mask ?? 0, y!, at);
    },
  }),
);

/** How rows and keys are taken in pieces that fit into a thread's scratch memory. */
function split({ heads, kvHeads, m, n, d, dv }: AttentionSize) {
  const rows = kvHeads === 0 ? 0 : (heads / kvHeads) * m;
  const evenly = Math.ceil(rows / Math.ceil(rows / UNIT_ROWS));
  const unitRows = rows > FEW_ROWS ? Math.ceil(evenly / 6) * 6 : Math.max(rows, 1);
  const few = rows <= FEW_ROWS;
  // What tiles take, the state of each row, and vectors that reach over the end.
  const free = SCRATCH_BYTES - 256 - 8 * unitRows - 64 - (few ? FEW_ROWS * padded(dv) * 4 : 0);
  const keyBytes = 4 * (few ? FEW_ROWS : ROW_GROUP + d + padded(dv));
  const fitting = Math.max(0, Math.floor(free / keyBytes / 8) * 8);
  const tileKeys = Math.min(fitting, few ? padded(n) + 8 : MOST_KEYS);
  return { unitRows, units: Math.ceil(rows / unitRows), tileKeys };
}

/** Whether there is a mask, and the bytes from one of its batches, heads, queries and keys to the next. */
function maskStrides({ inputs }: KernelSpec<"attention">, { batch, heads, m, n }: AttentionSize): number[] {
  const mask = inputs[3];
  if (mask === undefined) return [0, 0, 0, 0, 0];
  return [1, ...broadcastStrides(mask.shape, [batch, heads, m, n]).map((stride) => stride * 4)];
}

/** Up to whole panels. */
function padded(elements: number): number {
  return Math.ceil(elements / PANEL) * PANEL;
}
