/** The tasks on which the scripts beside this show what helps. */
export * from "@bitbudget/zoo/tasks";
