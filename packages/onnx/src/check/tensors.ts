/** Stored tensors fit their shapes, and external ones name a place they may. */
import { ExternalDataError, OnnxError, quote, TensorError } from "../errors.ts";
import { externalReference } from "../io/locations.ts";
import { allTensors } from "../io/tensors.ts";
import type { GraphProto, ModelProto, SparseTensorProto, TensorProto } from "../proto.ts";
import { elementType } from "../tensor/formats.ts";
import { anyTensorValue, isExternal, tensorBytes } from "../tensor/read.ts";

/** Problems with the tensors of a model, wherever they are. Files of external data are not opened. */
export function* tensorProblems(model: ModelProto): Generator<OnnxError> {
  for (const tensor of allTensors(model)) {
    const problem = caught(() => checkTensor(tensor));
    if (problem !== undefined) yield problem;
  }
  if (model.graph !== undefined) yield* sparseProblems(model.graph);
}

function checkTensor(tensor: TensorProto): void {
  if (isExternal(tensor)) {
    externalReference(tensor);
    if (tensor.rawData.length > 0) {
      const detail = `tensor ${quote(tensor.name)} also has raw_data; clear one of them`;
      throw new ExternalDataError(externalReference(tensor).location, detail, tensor.name);
    }
  } else if (elementType(tensor.dataType) === "string") {
    anyTensorValue(tensor);
  } else {
    tensorBytes(tensor);
  }
}

function* sparseProblems(graph: GraphProto): Generator<OnnxError> {
  for (const sparse of graph.sparseInitializer) {
    const problem = caught(() => checkSparse(sparse));
    if (problem !== undefined) yield problem;
  }
}

/** As many indices as values, each one number (or one per dimension), inside the shape. */
function checkSparse({ values, indices, dims }: SparseTensorProto): void {
  const name = values?.name ?? "";
  if (values === undefined || indices === undefined)
    throw new TensorError(name, "a sparse tensor needs values and indices");
  const count = values.dims.length === 1 ? values.dims[0]! : -1n;
  const [rows, columns = 1n] = indices.dims;
  if (
    rows !== count ||
    indices.dims.length > 2 ||
    (indices.dims.length === 2 && columns !== BigInt(dims.length))
  ) {
    const detail = `${count} values do not go with indices of shape [${indices.dims.join(", ")}]; use [NNZ] or [NNZ, rank]`;
    throw new TensorError(name, detail);
  }
  if (dims.some((dim) => dim <= 0n))
    throw new TensorError(name, `[${dims.join(", ")}] is not the shape of a sparse tensor`);
}

function caught(check: () => void): OnnxError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof OnnxError) return error;
    throw error;
  }
}
