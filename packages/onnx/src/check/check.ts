/** Whether a model makes sense: one typed error for each thing that does not. */
import { MissingFieldError, type OnnxError, TextError } from "../errors.ts";
import { findBadText } from "../io/text.ts";
import { type ModelProto, ModelProtoSchema } from "../proto.ts";
import { nameProblems } from "./names.ts";
import { nodeProblems } from "./nodes.ts";
import { tensorProblems } from "./tensors.ts";
import { typeProblems } from "./types.ts";

/** A damaged file can have millions; nobody reads them. */
const MOST_PROBLEMS = 1000;

/**
 * Everything that is wrong with a model, at most 1000 things. Checked are names (one definition each, none dangling, no
 * cycle, the order), operator sets, attributes, tensors against their shapes, declared types, and text. Not checked:
 * what the operators make of their inputs (see `inferShapes`), and the contents of external files.
 */
export function findProblems(model: ModelProto): OnnxError[] {
  const problems: OnnxError[] = [];
  for (const problem of allProblems(model)) {
    problems.push(problem);
    if (problems.length === MOST_PROBLEMS) break;
  }
  return problems;
}

/** Throws the first of `findProblems`, if there is any. */
export function checkModel(model: ModelProto): void {
  for (const problem of allProblems(model)) throw problem;
}

function* allProblems(model: ModelProto): Generator<OnnxError> {
  if (model.irVersion < 1n) {
    yield new MissingFieldError(
      "ir_version",
      "the model has no ir_version; set the one its fields belong to",
    );
  }
  if (model.graph === undefined) {
    yield new MissingFieldError(
      "graph",
      "the model has no graph; check that the file is a model, not a tensor",
    );
  } else {
    yield* nameProblems(model.graph);
    yield* typeProblems(model.graph);
  }
  yield* nodeProblems(model);
  yield* tensorProblems(model);
  const bad = findBadText(ModelProtoSchema, model);
  if (bad !== undefined) yield new TextError(bad);
}
