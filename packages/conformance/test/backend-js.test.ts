/** The specification passes its own suite: what was worked out by hand, and everything but the numbers. */
import { open } from "@bitbudget/backend-js";
import { describeBackend } from "../src/vitest.ts";

describeBackend("js", open, { module: "@bitbudget/backend-js", mustSupport: "everything" });
