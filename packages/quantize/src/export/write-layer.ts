/** One layer, written by the row of the table that fits it: for each encoding, what becomes of its nodes and weights. */
import { type DType, dtypes, type Quantized } from "@bitbudget/core";
import { TargetError } from "../errors.ts";
import type { Layer } from "../layers.ts";
import { dynamicConv } from "./dynamic/conv.ts";
import { dynamicLstm } from "./dynamic/lstm.ts";
import { dynamicMatMul } from "./dynamic/matmul.ts";
import type { EncodingName, EncodingRow } from "./targets/encodings.ts";
import type { Target } from "./targets/target.ts";
import { castWeight } from "./weights/cast.ts";
import { codebookWeight } from "./weights/codebook.ts";
import { dequantizedWeight } from "./weights/dequantize.ts";
import { gatherBlocks, gatherRows } from "./weights/gather.ts";
import { matMulBnb4 } from "./weights/matmul-bnb4.ts";
import { matMulNBits } from "./weights/matmul-nbits.ts";
import type { Writer } from "./writer.ts";

export interface LayerJob {
  readonly writer: Writer;
  readonly layer: Layer;
  readonly row: EncodingRow;
  /** In the order of the layer's weights. */
  readonly weights: readonly (readonly [name: string, codes: Quantized])[];
  readonly target: Target;
  readonly shared: Shared;
}

/** Decoded weights that several layers have in common: the same codes, written the same way, in the same graph. */
export class Shared {
  readonly #names = new WeakMap<
    Quantized,
    { readonly writer: Writer; readonly row: EncodingRow; readonly name: string }[]
  >();

  once(codes: Quantized, writer: Writer, row: EncodingRow, write: () => string): string {
    const known = this.#names.get(codes) ?? [];
    const same = known.find((each) => each.writer === writer && each.row === row);
    if (same !== undefined) return same.name;
    const name = write();
    this.#names.set(codes, [...known, { writer, row, name }]);
    return name;
  }
}

/** @throws TargetError for static layers, which are written together */
export function writeLayer(job: LayerJob): void {
  const [first] = job.weights;
  const write = writers[job.row.encoding];
  if (first === undefined || write === undefined)
    throw new TargetError(job.target, job.layer.name, `${job.row.encoding} does not write it by itself`);
  write(job, first[0], first[1]);
}

type Write = (job: LayerJob, name: string, codes: Quantized) => void;

const writers: Readonly<Partial<Record<EncodingName, Write>>> = {
  cast: (job) => decode(job, (name, codes) => castWeight(job.writer, name, codes, castStorage(job, codes))),
  dequantize: (job) =>
    decode(job, (name, codes) => dequantizedWeight(job.writer, name, codes, storageOf(job.row, codes))),
  codebook: (job) => decode(job, (name, codes) => codebookWeight(job.writer, name, codes, castsPacked(job))),
  "matmul-nbits": ({ writer, layer, row }, name, codes) =>
    matMulNBits(writer, layer, name, codes, row.dynamic === true),
  "matmul-bnb4": ({ writer, layer }, name, codes) => matMulBnb4(writer, layer, name, codes),
  "gather-rows": ({ writer, layer, row }, name, codes) =>
    gatherRows(writer, layer, name, codes, storageOf(row, codes)),
  "gather-blocks": ({ writer, layer }, name, codes) => gatherBlocks(writer, layer, name, codes),
  dynamic: ({ writer, layer, row, weights }, name, codes) => {
    const storage = storageOf(row, codes);
    if (layer.opType === "LSTM") dynamicLstm(writer, layer, weights, storage);
    else if (layer.opType === "Conv") dynamicConv(writer, layer, name, codes, storage);
    else dynamicMatMul(writer, layer, name, codes, storage);
  },
};

/** The layer reads decoded weights. */
function decode(
  { writer, layer, row, weights, shared }: LayerJob,
  write: (name: string, codes: Quantized) => string,
): void {
  weights.forEach(([name, codes], i) => {
    const slot = layer.weights[i]?.slot ?? 1;
    writer.graph.setInput(
      layer.node,
      slot,
      shared.once(codes, writer, row, () => write(name, codes)),
    );
  });
}

function storageOf(row: EncodingRow, { scheme: { dtype } }: Quantized): DType {
  return row.storage?.[dtype] ?? dtype;
}

/** onnxruntime-web's WebGPU bundle casts nothing narrower than bytes. */
function castsPacked({ target }: LayerJob): boolean {
  return target !== "ort-webgpu";
}

function castStorage(job: LayerJob, codes: Quantized): DType {
  const dtype = storageOf(job.row, codes);
  const { bits, kind, min } = dtypes[dtype];
  if (castsPacked(job) || bits >= 8 || kind !== "integer") return dtype;
  return min < 0 ? "int8" : "uint8";
}
