/**
 * The control block: what threads tell each other through the memory that they share. Words are int32, counted from the
 * start of the block; what different threads wait for lies on different cache lines.
 */
/** Threads that are up: a new one takes the count as its index. */
export declare const UP = 0;
/** Parts of the shared job that are not done, and whether the thread that shared it sleeps until they are. */
export declare const PENDING = 16;
export declare const PENDING_ASLEEP = 17;
/** Address of the shared job, and the parts that it is split into. */
export declare const JOB = 32;
export declare const JOB_PARTS = 33;
/** 1 when a part has ended in an exception, which a message tells of. */
export declare const BROKEN = 34;
/** Jobs that were put into the ring, and whether the conductor sleeps until there are more. */
export declare const POSTED = 48;
export declare const POSTED_ASLEEP = 49;
/** Jobs of the ring that are done. */
export declare const DONE = 64;
/** The conductor sends a message when this many are. */
export declare const WANTED = 80;
export declare const MAX_THREADS = 64;
export declare function slotOf(thread: number): number;
/** The ring of jobs lies behind the words. */
export declare const CONTROL_BYTES: number;
/** Jobs in the ring of a page's main thread: a power of two, for counts wrap around. */
export declare const RING_JOBS = 512;
/** Function, total, parts and number of arguments as int32; then the arguments as float64, which holds int32 and float32. */
export declare const JOB_BYTES = 320;
export declare const MAX_ARGUMENTS: number;
/** Address of a job of the ring. Without a ring, only job 0 exists. */
export declare function jobAddress(control: number, position: number): number;
/** Bytes of a control block with a ring of jobs, or with one job. */
export declare function controlBytes(ring: boolean): number;
//# sourceMappingURL=layout.d.ts.map