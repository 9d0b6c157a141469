import { compileFloat } from "./float.ts";
export declare const compileWeighted: typeof compileFloat;
//# sourceMappingURL=compile.d.ts.map