import { millis, SystemClock, type Timer } from "@millrace/base";

/** Waits for code of the job, which may never be done. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let limit: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    limit = new SystemClock().after(millis(ms), resolve);
  });
  await Promise.race([work, late]);
  limit?.cancel();
}
