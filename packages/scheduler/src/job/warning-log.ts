import type { EpochMs, Warning, WarningOver, WarningRecord } from "@millrace/base";

/** Warnings kept; events are evicted before conditions, the one that occurred longest ago first. */
export const WARNINGS_MAX = 20;
/** Events kept per code: one kind of fault that recurs in many places must not evict the rest. */
export const EVENTS_PER_CODE_MAX = 5;

/**
 * The warnings of one job. Repeated ones are counted, not listed again; a condition is removed when it is over; an
 * event stays until newer ones evict it. Reads no clock.
 */
export class WarningLog {
  /** In the order of their last occurrence. */
  readonly #records = new Map<string, WarningRecord>();

  /** Records one occurrence. O(warnings kept). */
  raise(warning: Warning, at: EpochMs): WarningRecord {
    const key = keyOf(warning);
    const there = this.#records.get(key);
    const known = there?.code === warning.code ? there : undefined;
    const record = { ...warning, firstAt: known?.firstAt ?? at, lastAt: at, count: (known?.count ?? 0) + 1 };
    this.#records.delete(key);
    this.#records.set(key, record);
    this.#evict(warning.code);
    return record;
  }

  /** Removes a condition. @returns Whether it was listed. */
  end(over: WarningOver): boolean {
    return this.#records.delete(conditionKey(over.subject));
  }

  /** Whatever reported the conditions is gone. */
  endConditions(): void {
    for (const [key, { lasting }] of this.#records) if (lasting) this.#records.delete(key);
  }

  /** The most recent one last. */
  list(): readonly WarningRecord[] {
    return [...this.#records.values()];
  }

  #evict(code: string): void {
    const ofCode = [...this.#records].filter(([, record]) => record.code === code && !record.lasting);
    const [oldestOfCode] = ofCode;
    if (ofCode.length > EVENTS_PER_CODE_MAX && oldestOfCode !== undefined) this.#records.delete(oldestOfCode[0]);
    if (this.#records.size <= WARNINGS_MAX) return;
    const [oldest] = this.#records;
    const victim = [...this.#records].find(([, record]) => !record.lasting) ?? oldest;
    if (victim !== undefined) this.#records.delete(victim[0]);
  }
}

const TOLD_SINGLY = 4;

/** True if this occurrence deserves a line: the first few do, then each one that doubles the count. */
export function isTold({ count }: WarningRecord): boolean {
  return count <= TOLD_SINGLY || Number.isInteger(Math.log2(count));
}

function keyOf({ code, subject, lasting }: Warning): string {
  return lasting ? conditionKey(subject) : `event ${code} ${subject}`;
}

const conditionKey = (subject: string): string => `condition ${subject}`;
