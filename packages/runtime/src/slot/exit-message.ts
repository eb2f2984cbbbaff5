/** The message of SLOT_EXITED; `caller` is the stack above `process.exit`, when known. `busy`: a task ran. */
export function exitMessage(exit: {
  readonly slot: number;
  readonly code: number;
  readonly caller: string | undefined;
  readonly busy: boolean;
}): string {
  const { slot, code, caller, busy } = exit;
  return (
    `user code called process.exit(${code}) on slot ${slot}${caller === undefined ? "" : `, ${caller}`}. ` +
    `Only the slot's thread ended${afterThread(busy)}; throw an error to fail a task, or stop the job from its driver.`
  );
}

/** The consequences of the end of a slot's thread. */
export function afterThread(busy: boolean): string {
  return busy
    ? " and its task is retried"
    : ": no task ran on it, nothing is retried, and the state it held is reloaded";
}
