/** The script of a thread: instantiates the kernels over the shared memory, takes the next index, and works for ever. */
import { instantiate } from "../instantiate.ts";
import { Jobs } from "./jobs.ts";
import { CONTROL_BYTES, UP } from "./layout.ts";
import { onFirstMessage, postToParent } from "./parent.ts";
import type { Beginning, Report } from "./pool.ts";
import { conduct } from "./queue.ts";
import { serve, Team } from "./team.ts";

onFirstMessage((message) => begin(message as Beginning));

function begin({ module, memory, control, scratch }: Beginning): void {
  const report = (what: Report) => postToParent(what);
  const failed = (error: unknown) => report({ error });
  try {
    const exports = instantiate(module, memory);
    const words = new Int32Array(memory.buffer, control, CONTROL_BYTES / 4);
    const jobs = new Jobs(memory.buffer, exports);
    const thread = Atomics.add(words, UP, 1);
    exports.setScratch(scratch[thread]!);
    report({ up: thread });
    if (thread > 0) serve(words, jobs, thread, failed);
    // The thread that opened the backend is number 0, unless it is the main thread of a page.
    const team = new Team(words, jobs);
    const progress = () => report({ progress: true });
    const run = (job: number) => {
      team.run(job);
      // The job must not count as done: who waits for it would read what is not there, before the failure is known.
      if (team.broken) throw new Error("another thread has ended in an exception");
    };
    conduct(words, control, run, progress);
  } catch (error) {
    failed(error);
  }
}
