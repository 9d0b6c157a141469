/** Which Gram matrices are to be made: one for all layers that read the same rows, as many at a time as fit into memory. */
import { getInt, getInts, getString } from "@bitbudget/onnx";
import { AssignmentError, QuantizeError } from "../errors.ts";
import type { Layer, LayerWeight } from "../layers.ts";
import { type WeightMatrix, weightMatrix } from "../rounding/matrix.ts";

export interface GramJob {
  readonly layers: readonly Layer[];
  /** One of them; the others read the same. */
  readonly layer: Layer;
  readonly weight: LayerWeight;
  readonly matrix: WeightMatrix;
  /** Name of its input in the other model, if there is one. */
  readonly other: string;
}

/**
 * @param otherInput names the input of a layer in the other model
 * @throws AssignmentError for a layer whose weight is not a matrix that its inputs are multiplied with
 */
export function gramJobs(layers: readonly Layer[], otherInput: (layer: Layer) => string): GramJob[] {
  const jobs = new Map<string, GramJob & { readonly layers: Layer[] }>();
  for (const layer of layers) {
    const [weight] = layer.weights;
    const isProduct = layer.opType === "Conv" || layer.opType === "Gemm" || layer.opType === "MatMul";
    const matrix = isProduct && weight !== undefined ? weightMatrix(layer, weight) : undefined;
    if (weight === undefined || matrix === undefined)
      throw new AssignmentError(
        layer.name,
        `a ${layer.opType} like this has no Gram matrix; leave it out (Conv, Gemm, and MatMul with a matrix have one)`,
      );
    if (layer.graph.outer !== undefined)
      throw new AssignmentError(
        layer.name,
        "it is in a graph inside of a node, where nothing is captured; leave it out",
      );
    const other = otherInput(layer);
    const key = JSON.stringify([layer.input, other, matrix.groups, matrix.size, geometry(layer, weight)]);
    const job = jobs.get(key);
    if (job === undefined) jobs.set(key, { layers: [layer], layer, weight, matrix, other });
    else job.layers.push(layer);
  }
  return [...jobs.values()];
}

/** What decides, beside the sizes, which elements make up a row. */
function geometry({ opType, node }: Layer, { shape }: LayerWeight): unknown {
  if (opType !== "Conv") return opType === "Gemm" && getInt(node, "transA", 0) === 1;
  const lists = ["strides", "dilations", "pads"].map((name) => getInts(node, name, []));
  return [shape.slice(1), ...lists, getString(node, "auto_pad", "NOTSET")];
}

/** Memory of a job: what it keeps during the pass, and what it takes while it is added to. */
function bytesOf({ matrix: { groups, size } }: GramJob, rows: number, hasOther: boolean) {
  const products = groups * size * size;
  const vectors = 4 * groups * rows * size;
  // Sums in float64. With another model the rows of the first one wait for those of the second.
  const kept = 8 * products * (hasOther ? 3 : 1) + (hasOther ? vectors : 0);
  // A product in float32 on the backend and here; rows here, and there once for each side of the product.
  return { kept, passing: 2 * 4 * products + 3 * vectors };
}

/** Jobs for one pass each. @throws QuantizeError for one that takes too much memory by itself */
export function gramGroups(
  jobs: readonly GramJob[],
  { memory, rows, hasOther }: { readonly memory: number; readonly rows: number; readonly hasOther: boolean },
): GramJob[][] {
  const groups: GramJob[][] = [];
  let [kept, passing] = [0, 0];
  for (const job of jobs) {
    const bytes = bytesOf(job, rows, hasOther);
    if (bytes.kept + bytes.passing > memory)
      throw new QuantizeError(
        `the Gram matrix of layer ${JSON.stringify(job.layer.name)} takes ${bytes.kept + bytes.passing} bytes, ` +
          `and there are ${memory}; raise \`memory\`, lower \`rows\`, or leave the layer out`,
      );
    const fits = kept + bytes.kept + Math.max(passing, bytes.passing) <= memory;
    if (groups.length === 0 || !fits) {
      groups.push([]);
      [kept, passing] = [0, 0];
    }
    groups.at(-1)?.push(job);
    kept += bytes.kept;
    passing = Math.max(passing, bytes.passing);
  }
  return groups;
}
