/** The arithmetic of a linear or conv2d, chosen by its spec. */
import { weightedArithmetic } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { compileBlocks } from "./blocks.js";
import { compileDecoded, hasInfinities } from "./decoded.js";
import { compileDynamic } from "./dynamic.js";
import { compileFloat } from "./float.js";
import { compileStatic } from "./static.js";
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
};
export const compileWeighted = (context, spec, ...rest) => compilers[weightedArithmetic(spec)](context, spec, ...rest);
//# sourceMappingURL=compile.js.map