/** Operator sets: which version of an operator a node means. */
import { OpsetError, quote } from "../errors.ts";
import type { ModelProto, OperatorSetIdProto } from "../proto.ts";

/** The standard operators have two names. */
export function canonicalDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** Versions by domain, of a model or a function. */
export function opsetVersions(imports: readonly OperatorSetIdProto[]): Map<string, number> {
  return new Map(imports.map(({ domain, version }) => [canonicalDomain(domain), Number(version)]));
}

/** Version of a domain's operators that a model imports. @throws OpsetError when it does not import the domain */
export function opsetVersion(model: ModelProto, domain = ""): number {
  const version = opsetVersions(model.opsetImport).get(canonicalDomain(domain));
  if (version !== undefined) return version;
  const detail = `the model imports no operators of domain ${quote(domain)}; add it to opset_import`;
  throw new OpsetError(domain, detail);
}
