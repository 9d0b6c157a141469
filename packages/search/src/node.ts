/** What only Node has: journals in files. */
export { type FileStorage, fileStorage } from "./node/file-storage.ts";
