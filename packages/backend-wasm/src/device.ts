/** The linear memory as a device: addresses for memory, the order of calls for order, performance.now() for time. */
import type { Device } from "@bitbudget/backend";
import { allocateStorage, elementCount, type Storage, storageBytes } from "@bitbudget/core";
import type { OpenContext } from "./create-context.ts";
import type { Address } from "./kernel.ts";
import type { Order } from "./threads/order.ts";

export function wasmDevice(
  { memory, order }: Pick<OpenContext, "memory" | "order">,
  info: Device<Address>["info"],
): Device<Address> {
  return {
    info,
    allocate({ dtype, shape }) {
      const bytes = storageBytes(dtype, shape);
      const address = memory.allocate(bytes);
      memory.bytes(address, bytes).fill(0);
      order.created(address);
      return address;
    },
    view: (address, _type, byteOffset) => address + byteOffset,
    write(address, _type, data) {
      order.write(address, bytesOf(data));
    },
    read(address, type) {
      return order.settled(() => {
        const copy = allocateStorage(type.dtype, elementCount(type.shape));
        bytesOf(copy).set(memory.bytes(address, copy.byteLength));
        return copy;
      });
    },
    free: (address) => memory.free(address),
    stopwatch: (run) => stopwatch(order, run),
    close: () => order.close(),
  };
}

/** Times runs with all threads up: what they take to start is no part of it. */
function stopwatch(order: Order, run: () => void): ReturnType<Device<Address>["stopwatch"]> {
  let waited = 0;
  const runAll = (times: number) => {
    for (let i = 0; i < times; i++) run();
    return order.settled(() => {});
  };
  return {
    clock: "performance.now",
    now: () => performance.now() - waited,
    run(times) {
      const starting = order.ready();
      if (starting === undefined) return runAll(times);
      const start = performance.now();
      return starting.then(() => {
        waited += performance.now() - start;
        return runAll(times);
      });
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
