/** The arithmetic of a linear or conv2d, chosen by its spec. */
import { type WeightedArithmetic, weightedArithmetic } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { compileBlocks } from "./blocks.ts";
import { compileDecoded, hasInfinities } from "./decoded.ts";
import { compileDynamic } from "./dynamic.ts";
import { compileFloat } from "./float.ts";
import { compileStatic } from "./static.ts";

const compilers = {
  float: (context, spec, weights, ...rest) => {
    const whole = spec.attributes.weight.dtype === "float32" || hasInfinities(weights.weight);
    const compile = whole ? compileFloat : compileDecoded;
    return compile(context, spec, weights, ...rest);
  },
  "weight-only": compileDecoded,
  static: compileStatic,
  dynamic: (context, spec, ...rest) => {
    const { weight, dynamic } = spec.attributes;
    const packed = dtypes[weight.dtype].bits < 8 && dynamic?.dtype === "int8";
    const compile = packed || weight.granularity?.kind === "block" ? compileBlocks : compileDynamic;
    return compile(context, spec, ...rest);
  },
} satisfies { readonly [A in WeightedArithmetic]: typeof compileFloat };

export const compileWeighted: typeof compileFloat = (context, spec, ...rest) =>
  compilers[weightedArithmetic(spec)](context, spec, ...rest);
