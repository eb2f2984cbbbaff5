/** Reports the figures of a batch to the harness; `console.log` of a driver body goes to the standard output of `millrace run`. */
export function report(fields: Readonly<Record<string, number>>): void {
  console.log(`BENCH ${JSON.stringify(fields)}`);
}

/** Wall-clock milliseconds with a fraction. */
export const wallMs = (): number => performance.timeOrigin + performance.now();
