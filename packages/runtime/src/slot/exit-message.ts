/** The message of SLOT_EXITED; `caller` is the stack above `process.exit`, when known. */
export function exitMessage(slot: number, code: number, caller: string | undefined): string {
  return (
    `user code called process.exit(${code}) on slot ${slot}${caller === undefined ? "" : `, ${caller}`}. ` +
    "Only the slot's thread ended and its task is tried again; throw an error to fail a task, or stop the job from its driver."
  );
}
