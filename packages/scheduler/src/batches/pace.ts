import { type EpochMs, epochMs, formatDuration, unreachable } from "@millrace/base";

/** A batch this late indicates that its job falls behind: this many intervals, and this long, whichever is more. */
const LATE_INTERVALS = 5;
const LATE_MS = 5_000;
/** After this many late batches in a row, the last no less late than the first, the job counts as behind. */
const LATE_BATCHES = 5;
/** A batch no later than this, or one interval, shows that the job has caught up. */
const CAUGHT_UP_MS = 1_000;
/** A batch running this long may never end: this many intervals, and this long, whichever is more. */
const STUCK_INTERVALS = 10;
const STUCK_MS = 10_000;
/** Rates are averaged over this many batches. */
const REMEMBERED = 8;

/** The subject of the condition "the job is behind". */
export const JOB_BEHIND = "JOB_BEHIND";

export type PaceEvent =
  /** Blocks were allocated to a batch. `received`: records received since the previous one. */
  | { readonly type: "allocated"; readonly at: EpochMs; readonly received: number }
  /**
   * `due`: batches that are due and have not ended, including this one. `lasts`: more will come, since the job is not
   * stopping and has not taken its last batch.
   */
  | {
      readonly type: "batchStarted";
      readonly at: EpochMs;
      readonly time: EpochMs;
      readonly due: number;
      readonly lasts: boolean;
    }
  /** Time has passed while a batch runs; `due` as above. */
  | { readonly type: "looked"; readonly at: EpochMs; readonly due: number }
  | { readonly type: "batchEnded"; readonly received: number; readonly processingMs: number };

/**
 * `behind` is reported once for late batches, and again only after `caughtUp` or a stuck batch. For a stuck batch it is
 * repeated whenever one has been running for twice as long as at the last report.
 */
export type PaceEffect =
  | { readonly type: "behind"; readonly message: string }
  | { readonly type: "caughtUp"; readonly message: string };

/**
 * Detects that a job does not keep up with its batches.
 *
 *     onTime ─LATE_BATCHES late ones in a row, not recovering─▶ behind ─one that is (nearly) on time─▶ onTime
 *     any ─one runs for STUCK_INTERVALS─▶ stuck ─the same as from onTime or behind─▶ behind, onTime
 */
export interface Pace {
  readonly intervalMs: number;
  state: "onTime" | "behind" | "stuck";
  running: { readonly time: EpochMs; readonly since: EpochMs } | undefined;
  /** The running time from which a batch counts as stuck; doubled after each report. */
  stuckMs: number;
  /** Delays of the latest batches, oldest first, back to the last one on time. Bound: `LATE_BATCHES`. */
  late: number[];
  /**
   * The last batches, oldest first: when their blocks were allocated, and their numbers of records. Bound:
   * `REMEMBERED`.
   */
  readonly allocated: { readonly at: EpochMs; readonly received: number }[];
  /** The last finished batches. Bound: `REMEMBERED`. */
  readonly over: { readonly received: number; readonly processingMs: number }[];
}

export function pace(intervalMs: number): Pace {
  const stuckMs = stuckAfter(intervalMs);
  return { intervalMs, state: "onTime", running: undefined, stuckMs, late: [], allocated: [], over: [] };
}

/** The time to check the running batch again. */
export function nextLook({ running, stuckMs }: Pace): EpochMs | undefined {
  return running === undefined ? undefined : epochMs(running.since + stuckMs);
}

function stuckAfter(intervalMs: number): number {
  return Math.max(STUCK_MS, STUCK_INTERVALS * intervalMs);
}

/** Advances by one event. Owns `state`; reads no clock. */
export function stepPace(state: Pace, event: PaceEvent): readonly PaceEffect[] {
  switch (event.type) {
    case "allocated":
      remember(state.allocated, { at: event.at, received: event.received });
      return [];
    case "batchEnded":
      state.running = undefined;
      remember(state.over, { received: event.received, processingMs: event.processingMs });
      return [];
    case "batchStarted":
      state.running = { time: event.time, since: event.at };
      return onStarted(state, event);
    case "looked":
      return onLooked(state, event);
    default:
      return unreachable(event);
  }
}

function onStarted(state: Pace, event: Extract<PaceEvent, { readonly type: "batchStarted" }>): readonly PaceEffect[] {
  const delayMs = event.at - event.time;
  if (delayMs >= Math.max(LATE_MS, LATE_INTERVALS * state.intervalMs)) remember(state.late, delayMs, LATE_BATCHES);
  else state.late = [];
  if (state.state !== "onTime" && delayMs <= Math.max(CAUGHT_UP_MS, state.intervalMs)) {
    state.state = "onTime";
    state.stuckMs = stuckAfter(state.intervalMs);
    return [{ type: "caughtUp", message: "the job has caught up: its batches start on time again." }];
  }
  if (!event.lasts) return []; // advice would come too late
  if (state.state === "behind" || state.late.length < LATE_BATCHES || delayMs < (state.late[0] ?? 0)) return [];
  state.state = "behind";
  return [{ type: "behind", message: behindMessage(state, delayMs, event.due) }];
}

function onLooked(state: Pace, { at, due }: Extract<PaceEvent, { readonly type: "looked" }>): readonly PaceEffect[] {
  if (state.running === undefined) return [];
  const { time, since } = state.running;
  const runningMs = at - since;
  if (runningMs < state.stuckMs) return [];
  state.state = "stuck";
  state.stuckMs = 2 * runningMs;
  return [{ type: "behind", message: stuckMessage(state, time, runningMs, due - 1) }];
}

function stuckMessage(state: Pace, time: EpochMs, runningMs: number, waiting: number): string {
  return (
    `batch ${new Date(time).toISOString()} has been running for ${formatDuration(runningMs)}, one is due every ` +
    `${formatDuration(state.intervalMs)}, and ${waiting} ${waiting === 1 ? "waits" : "wait"} for it. It keeps running: batches have no time limit. ` +
    "If its code can hang, in an endless loop or on a promise that never settles, stop the job and add a timeout there; " +
    "if it has much to do, give the job more slots, a longer batchInterval or more partitions (default.parallelism)."
  );
}

function behindMessage(state: Pace, delayMs: number, due: number): string {
  const took = state.over.reduce((sum, { processingMs }) => sum + processingMs, 0);
  const each = formatDuration(Math.round(took / Math.max(1, state.over.length)));
  const every = formatDuration(state.intervalMs);
  return (
    `batches come faster than they are processed: the latest took ${each} each, and one is due every ${every}. ` +
    `This one starts ${formatDuration(delayMs)} late, and ${due} are due.${ratesOf(state, took)} ` +
    "The delay keeps growing; each receiver is held back beyond receiver.buffer.bytes. " +
    "Give the job more slots, a longer batchInterval or more partitions (default.parallelism), or reduce its input."
  );
}

/** Empty if there are no receivers, or next to no data. */
function ratesOf(state: Pace, processingMs: number): string {
  const received = state.allocated.slice(1).reduce((sum, one) => sum + one.received, 0);
  const processed = state.over.reduce((sum, one) => sum + one.received, 0);
  const spanMs = (state.allocated.at(-1)?.at ?? 0) - (state.allocated[0]?.at ?? 0);
  if (received * 1000 < spanMs || processed * 1000 < processingMs || spanMs <= 0 || processingMs <= 0) return "";
  const perSecond = (records: number, ms: number): string => Math.round((records * 1000) / ms).toLocaleString("en");
  return ` Receivers deliver ${perSecond(received, spanMs)} records/s, batches process ${perSecond(processed, processingMs)}/s.`;
}

function remember<T>(list: T[], one: T, most = REMEMBERED): void {
  list.push(one);
  if (list.length > most) list.shift();
}
