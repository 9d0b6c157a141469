/** The arithmetic of a linear or conv2d, chosen by its spec. */
import { type WeightedArithmetic, weightedArithmetic } from "@bitbudget/backend";
import { compileBlocks, compileWideBlocks } from "./blocks.ts";
import { compileDecoded, hasInfinities } from "./decoded.ts";
import { compileDynamic } from "./dynamic.ts";
import { compileFloat } from "./float.ts";
import { multipliesBlocks } from "./pack-blocks.ts";
import { compileStatic } from "./static.ts";

const compilers = {
  float: (context, spec, weights, ...rest) => {
    const whole = spec.attributes.weight.dtype === "float32" || hasInfinities(weights.weight);
    const compile = whole ? compileFloat : compileDecoded;
    return compile(context, spec, weights, ...rest);
  },
  "weight-only": compileDecoded,
  static: (context, spec, ...rest) => {
    const compile = multipliesBlocks(spec) ? compileWideBlocks : compileStatic;
    return compile(context, spec, ...rest);
  },
  dynamic: (context, spec, ...rest) => {
    const inBlocks = spec.attributes.dynamic?.dtype === "int8" ? compileBlocks : compileWideBlocks;
    const compile = multipliesBlocks(spec) ? inBlocks : compileDynamic;
    return compile(context, spec, ...rest);
  },
} satisfies { readonly [A in WeightedArithmetic]: typeof compileFloat };

export const compileWeighted: typeof compileFloat = (context, spec, ...rest) =>
  compilers[weightedArithmetic(spec)](context, spec, ...rest);
