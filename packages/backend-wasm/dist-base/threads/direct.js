/** Calls that are done when they return. The thread that makes them takes part, and may wait for the others. */
import { takeFault } from "../fault.js";
import { functionNames } from "../gen/kernels.js";
import { ThreadError } from "./error.js";
import { jobAddress } from "./layout.js";
import { Team } from "./team.js";
export function direct(memory, exports, fault, crew) {
    const share = crew === undefined ? () => false : sharing(crew);
    return {
        run(name, total, work, ...args) {
            if (total <= 0 || share(name, total, work, args))
                return;
            // Every function that the type allows takes begin, end and these.
            exports[name](0, total, ...args);
        },
        raise() {
            const error = takeFault(memory, fault);
            if (error !== undefined)
                throw error;
        },
        created() { },
        write: (address, data) => memory.bytes(address, data.length).set(data),
        settled: (look) => look(),
        ready: () => (crew === undefined || crew.pool.isReady ? undefined : crew.pool.ready),
        close: () => crew?.pool.close(),
    };
}
/** Does a call together with the others, or says that it is not worth it. */
function sharing({ pool, words, jobs, control, split }) {
    const team = new Team(words, jobs);
    const job = jobAddress(control, 0);
    const numbers = new Map(functionNames.map((name, i) => [name, i]));
    return (name, total, work, args) => {
        if (pool.failure !== undefined)
            throw pool.failure;
        const parts = split(total, work);
        if (parts === 1)
            return false;
        jobs.write(job, numbers.get(name), total, parts, args);
        team.run(job);
        if (team.broken)
            throw new ThreadError("a thread has failed", `${name} has ended in an exception`);
        return true;
    };
}
//# sourceMappingURL=direct.js.map