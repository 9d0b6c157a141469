import { type Exports } from "../gen/kernels.ts";
import type { LinearMemory } from "../memory/linear-memory.ts";
import type { Crew, Order } from "./order.ts";
export declare function direct(memory: LinearMemory, exports: Exports, fault: number, crew?: Crew): Order;
//# sourceMappingURL=direct.d.ts.map