/**
 * What the runtime does not set out to run: operators whose values are not tensors of numbers, that draw random
 * numbers, train, or decode images. By name, so that everything else counts as missing.
 */

/** Why an operator is out of scope; undefined for every operator that the runtime should have. */
export function outOfScope(domain: string, opType: string): string | undefined {
  if (domain.startsWith("ai.onnx.preview.training")) return "training";
  if (domain === "ai.onnx.ml") return "classical machine learning (ai.onnx.ml)";
  return domain === "" ? reasons.get(opType) : undefined;
}

/** Standard operators that are out of scope, by reason. */
export function outOfScopeNames(): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [name, reason] of reasons) names.set(reason, [...(names.get(reason) ?? []), name]);
  return names;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ...["StringNormalizer", "StringSplit", "StringConcat", "RegexFullMatch", "TfIdfVectorizer"].map(
    (name) => [name, "strings"] as const,
  ),
  ...[
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceInsert",
    "SequenceErase",
    "SequenceAt",
    "SequenceLength",
    "SequenceMap",
    "SplitToSequence",
    "ConcatFromSequence",
  ].map((name) => [name, "sequences"] as const),
  ...["Optional", "OptionalGetElement", "OptionalHasElement"].map((name) => [name, "optionals"] as const),
  ...[
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
  ].map((name) => [name, "random numbers"] as const),
  ["ImageDecoder", "image decoding"],
]);
