/** Data on disk. Everything else is in `@bitbudget/data`. */
export { openData } from "./open.ts";
