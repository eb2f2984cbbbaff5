import type { Child, Report } from "./child.ts";
import { type JobRun, startJob } from "./millrace.ts";

/** A running job, and what it reports. */
export interface WatchedJob {
  readonly child: Child;
  /** Resolves with the first report that is as wanted, of those so far or later; rejects if the job ends without. */
  report(wanted: (report: Report, index: number) => boolean): Promise<Report>;
  /** SIGKILL, without warning. */
  kill(): Promise<void>;
}

export function watchJob(run: JobRun): WatchedJob {
  const waiting = new Set<() => void>();
  const child = startJob(run, {
    onReport: () => {
      for (const look of [...waiting]) look();
    },
  });
  return {
    child,
    report: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = child.reports.find(wanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        child.done.then(() => reject(new Error("the job ended before its time")), reject);
        look();
      }),
    kill: async () => {
      process.kill(child.pid, "SIGKILL");
      await child.done.catch(() => undefined);
    },
  };
}
