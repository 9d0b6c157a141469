/** Data for models. */
export * from "./errors.ts";
