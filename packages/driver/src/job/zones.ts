import { errorKind, localZone, sameZone, type Warning, warningOf } from "@millrace/base";
import type { ExecutorInfo } from "./executor-link.ts";

const zoneDiffers = errorKind("ZONE_DIFFERS", "environment");

/** More zones than any cluster has; further ones are not reported. */
const ZONES_MAX = 64;

/** Detects executors whose local time differs from the driver's. */
export class Zones {
  readonly #warn: (warning: Warning) => void;
  readonly #own = localZone();
  readonly #told = new Set<string>();

  constructor(warn: (warning: Warning) => void) {
    this.#warn = warn;
  }

  /** Warns when an executor's zone is seen for the first time. @param now Epoch milliseconds. */
  onExecutor({ executor, zone }: Pick<ExecutorInfo, "executor" | "zone">, now: number): void {
    if (zone === "" || this.#told.has(zone) || this.#told.size >= ZONES_MAX || sameZone(zone, this.#own, now)) return;
    this.#told.add(zone);
    const { message } = zoneDiffers(
      `executor ${executor} is in the time zone ${zone} and the job's driver in ${this.#own}: functions that depend on the local ` +
        "time or day, such as getHours and toLocaleString, give another result there, and a retry elsewhere may change it. " +
        "The job goes on. Start all processes with the same TZ, or use the UTC functions.",
    );
    this.#warn(warningOf(message, { subject: `zone ${zone}` }));
  }
}
