/** The linear memory as a device: addresses for memory, the order of calls for order, performance.now() for time. */
import type { Device } from "@bitbudget/backend";
import type { OpenContext } from "./create-context.ts";
import type { Address } from "./kernel.ts";
export declare function wasmDevice({ memory, order }: Pick<OpenContext, "memory" | "order">, info: Device<Address>["info"]): Device<Address>;
//# sourceMappingURL=device.d.ts.map