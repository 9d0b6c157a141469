import type { LinearMemory } from "../memory/linear-memory.ts";
import type { Crew, Order } from "./order.ts";
import type { Queue } from "./queue.ts";
export declare function queued(memory: LinearMemory, fault: number, { pool, split }: Crew, queue: Queue): Order;
//# sourceMappingURL=queued.d.ts.map