/**
 * The control block: what threads tell each other through the memory that they share. Words are int32, counted from the
 * start of the block; what different threads wait for lies on different cache lines.
 */
/** Threads that are up: a new one takes the count as its index. */
export const UP = 0;
/** Parts of the shared job that are not done, and whether the thread that shared it sleeps until they are. */
export const PENDING = 16;
export const PENDING_ASLEEP = 17;
/** Address of the shared job, and the parts that it is split into. */
export const JOB = 32;
export const JOB_PARTS = 33;
/** 1 when a part has ended in an exception, which a message tells of. */
export const BROKEN = 34;
/** Jobs that were put into the ring, and whether the conductor sleeps until there are more. */
export const POSTED = 48;
export const POSTED_ASLEEP = 49;
/** Jobs of the ring that are done. */
export const DONE = 64;
/** The conductor sends a message when this many are. */
export const WANTED = 80;
/** A slot for each thread: odd when its part of the shared job is to be had, even when it is taken. Then: is it asleep? */
const SLOTS = 96;
const SLOT_WORDS = 16;
export const MAX_THREADS = 64;
export function slotOf(thread) {
    return SLOTS + thread * SLOT_WORDS;
}
/** The ring of jobs lies behind the words. */
export const CONTROL_BYTES = 4 * slotOf(MAX_THREADS);
/** Jobs in the ring of a page's main thread: a power of two, for counts wrap around. */
export const RING_JOBS = 512;
/** Function, total, parts and number of arguments as int32; then the arguments as float64, which holds int32 and float32. */
export const JOB_BYTES = 320;
export const MAX_ARGUMENTS = (JOB_BYTES - 16) / 8;
/** Address of a job of the ring. Without a ring, only job 0 exists. */
export function jobAddress(control, position) {
    return control + CONTROL_BYTES + (position & (RING_JOBS - 1)) * JOB_BYTES;
}
/** Bytes of a control block with a ring of jobs, or with one job. */
export function controlBytes(ring) {
    return CONTROL_BYTES + (ring ? RING_JOBS : 1) * JOB_BYTES;
}
//# sourceMappingURL=layout.js.map