/** The arithmetic of a linear or conv2d, chosen by its spec. */
import { type WeightedArithmetic, weightedArithmetic } from "@bitbudget/backend";
import { compileDynamic } from "./dynamic.ts";
import { compileFloat } from "./float.ts";
import { compileStatic } from "./static.ts";

const compilers = {
  float: compileFloat,
  "weight-only": compileFloat,
  static: compileStatic,
  dynamic: compileDynamic,
} satisfies { readonly [A in WeightedArithmetic]: typeof compileFloat };

export const compileWeighted: typeof compileFloat = (context, spec, ...rest) =>
  compilers[weightedArithmetic(spec)](context, spec, ...rest);
