/** What must hold for any bytes whatever: a typed error, or a model that everything else can be asked about. */
import {
  allTensors,
  anyTensorValue,
  findProblems,
  Graph,
  inferShapes,
  OnnxError,
  ParseError,
  parseModel,
  prune,
  writeModel,
} from "../../src/index.ts";
import { mutant } from "./mutate.ts";

/** How far a mutant came. */
export type Fate = "refused" | "read" | "right";

/** Reads, checks, edits and writes a file. @throws whatever is not a typed error of this package */
export function survive(bytes: Uint8Array): Fate {
  const model = typed(() => parseModel(bytes), ParseError);
  if (model === undefined) return "refused";
  const written = writeModel(model);
  if (written.length > 2 * bytes.length + 64)
    throw new Error(`${bytes.length} bytes became ${written.length}`);
  // By bytes, because NaN is not equal to itself.
  if (written.length > 0 && !sameBytes(writeModel(parseModel(written)), written)) {
    throw new Error("written and read again, it is another model");
  }
  for (const tensor of allTensors(model)) typed(() => anyTensorValue(tensor), OnnxError);
  const problems = findProblems(model);
  for (const problem of problems) {
    if (!(problem instanceof OnnxError) || problem.message === "") throw new Error("an untyped problem");
  }
  if (model.graph !== undefined) {
    const graph = Graph.of(model);
    typed(() => graph.sort(), OnnxError);
    prune(graph);
    typed(() => inferShapes(model), OnnxError);
  }
  return problems.length === 0 ? "right" : "read";
}

/** The result, or undefined when there was an error of the expected kind. */
function typed<T>(run: () => T, kind: abstract new (...args: never[]) => Error): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof kind) return undefined;
    throw error;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Sends mutants of the corpus through `survive`. @throws with the seed of the first that fails */
export function fuzz(corpus: readonly Uint8Array[], firstSeed: number, count: number): Record<Fate, number> {
  const fates: Record<Fate, number> = { refused: 0, read: 0, right: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    try {
      fates[survive(mutant(corpus, seed))]++;
    } catch (cause) {
      throw new Error(`the mutant of seed ${seed} broke something: ${cause}`, { cause });
    }
  }
  return fates;
}
