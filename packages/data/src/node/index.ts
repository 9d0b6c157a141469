/** Data on disk. */
export * from "../errors.ts";
