/** Every task: models that ship with the project, and real ones where ../shared has them. */
import { bundledTasks } from "./bundled.ts";
import { imageTasks, unlabelledImageTasks } from "./images.ts";
import { speechTask } from "./speech.ts";
import type { Task } from "./task.ts";
import { textTasks } from "./text.ts";

export { hasShared, loss, measure, shared, show, type Task } from "./task.ts";

/** @param filter names, or parts of them; none for all tasks */
export async function tasks(...filter: readonly string[]): Promise<Task[]> {
  const all = [...bundledTasks, ...imageTasks, ...textTasks, ...unlabelledImageTasks, speechTask];
  const found = all.filter(({ name }) => filter.length === 0 || filter.some((part) => name.includes(part)));
  if (found.length === 0)
    throw new Error(`no task is called ${filter}; there are ${all.map(({ name }) => name)}`);
  return found;
}

/** The task of that name, or part of it. */
export async function task(name: string): Promise<Task> {
  return (await tasks(name))[0]!;
}
