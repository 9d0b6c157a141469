#!/usr/bin/env node
/** The command `bench`. */
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2), { out: console.log, error: console.error });
// Pools of threads, ours and those of rivals, would keep the process.
process.exit();
