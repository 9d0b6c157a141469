export * from "./dtypes.ts";
export * from "./errors.ts";
export * from "./rounding.ts";
export * from "./tensor.ts";
export * from "./scheme.ts";
