import type { Master } from "@millrace/driver/embedded";
import { badMaster } from "./errors.ts";

const EXECUTORS_MAX = 64;
const SLOTS_MAX = 256;

/**
 * Reads a master as a user writes it: `local` (one slot), `local[4]`, `local[*]` (a slot for each core),
 * `local-cluster[2,2]` (executors, slots of each).
 *
 * @param cores The value of `*`.
 * @throws BAD_MASTER Any other text, with what is wrong with it.
 */
export function parseMaster(text: string, cores: number): Master {
  const local = /^local(?:\[\s*(\*|\d+)\s*\])?$/.exec(text.trim());
  if (local) {
    const slots = local[1] === undefined ? 1 : local[1] === "*" ? cores : Number(local[1]);
    return { kind: "local", slots: inRange(text, "slots", slots, SLOTS_MAX) };
  }
  const cluster = /^local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*\]$/.exec(text.trim());
  if (cluster) {
    return {
      kind: "local-cluster",
      executors: inRange(text, "executors", Number(cluster[1]), EXECUTORS_MAX),
      slots: inRange(text, "slots", Number(cluster[2]), SLOTS_MAX),
    };
  }
  throw badMaster(`--master ${JSON.stringify(text)} is not a master. ${remedy(text)}`);
}

function inRange(text: string, what: string, n: number, max: number): number {
  if (n >= 1 && n <= max) return n;
  throw badMaster(`--master ${JSON.stringify(text)} requests ${n} ${what}. Use 1 to ${max}.`);
}

function remedy(text: string): string {
  if (/^local-cluster/.test(text)) {
    return 'Write local-cluster[E,S]: E executor processes of S slots, for example "local-cluster[2,2]"; the third number that Spark takes does not exist here.';
  }
  if (/^(spark|yarn|k8s|mesos|millrace):/.test(text) || /^[\w.-]+:\d+$/.test(text)) {
    return "run starts its own cluster. To use a running one, start the job with: millrace submit JOB --driver HOST:PORT";
  }
  return "Write local, local[N], local[*] or local-cluster[E,S], quoted for the shell.";
}
