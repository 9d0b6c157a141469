export { checkModel, findProblems } from "./check/check.ts";
export * from "./errors.ts";
export * from "./graph/attributes.ts";
export { copyModel } from "./graph/copy.ts";
export { Graph } from "./graph/graph.ts";
export type { Initializers } from "./graph/initializers.ts";
export { makeNode, makeValueInfo, type NodeFields } from "./graph/make.ts";
export { canonicalDomain, opsetVersion, opsetVersions } from "./graph/opsets.ts";
export { topologicalOrder } from "./graph/order.ts";
export { nodeName } from "./graph/place.ts";
export { type Pruned, prune } from "./graph/prune.ts";
export { subgraphsOf, type Use, usesOf } from "./graph/scope.ts";
export { annotateTypes, type Inference, type InferOptions, inferShapes } from "./inference/infer.ts";
export type { Size, ValueType } from "./inference/types.ts";
export type { Bytes } from "./io/bytes.ts";
export type { ExternalDataOptions, Externalized, Placement } from "./io/externalize.ts";
export { externalize } from "./io/externalize.ts";
export { type ExternalReference, externalReference } from "./io/locations.ts";
export { ModelFile, openBlob, openUrl } from "./io/model-file.ts";
export { type ParseOptions, parseGraph, parseModel, parseTensor } from "./io/parse.ts";
export { blobSource, type ExternalSource, urlSource } from "./io/sources.ts";
export { allTensors, graphTensors } from "./io/tensors.ts";
export { writeGraph, writeModel, writeTensor } from "./io/write.ts";
export * from "./proto.ts";
export { dataType, type ElementType, type ExtraName, elementType } from "./tensor/formats.ts";
export {
  anyTensorValue,
  type ExtraTensor,
  isExternal,
  type TensorValue,
  tensorBytes,
  tensorValue,
} from "./tensor/read.ts";
export { toTensorProto } from "./tensor/write.ts";
export { upgradeOpset } from "./upgrade/upgrade.ts";
