import { formatDuration, formatSize, millis } from "@millrace/base";
import type { CheckpointFinding, CheckpointReport } from "../engine.ts";
import { formatTable, type TableColumn } from "../table.ts";
import { formatTime } from "../views.ts";

type State = CheckpointReport["states"][number];

/** What a checkpoint has, for people. */
export function showCheckpoint(found: CheckpointReport): string {
  const { job, committed, pending, bytes } = found;
  const batch = (time: number): string => `${formatTime(time, true)} (${time})`;
  const rows: readonly (readonly [string, string])[] = [
    ["job", jobInWords(found)],
    ["owners", `${found.epoch} so far`],
    [job === undefined ? "imported" : "committed", committed === undefined ? "no batch" : batch(committed)],
    ["pending", pending === undefined ? "none" : `${batch(pending.time)}, ${pendingInWords(pending)}`],
    ["remembered", `${found.remembered} batch${found.remembered === 1 ? "" : "es"}`],
    ["on disk", `${formatSize(bytes.log)} of log, ${formatSize(bytes.state)} of state`],
    ...(found.dropped.length === 0 ? [] : [["dropped", found.dropped.join(", ")] as const]),
    ...found.leftovers.map(({ folder, bytes: size }) => ["left over", `${folder}, ${formatSize(size)}`] as const),
    ...found.damaged.map(({ path, why }) => ["damaged", `${path}: ${why}`] as const),
  ];
  const states: readonly TableColumn<State>[] = [
    { title: "STATE", show: ({ name }) => name },
    { title: "KIND", show: ({ kind }) => kind },
    { title: "VERSION", show: ({ version }) => String(version), align: "right" },
    { title: "PARTITIONS", show: ({ partitions }) => String(partitions), align: "right" },
    { title: "KEYS", show: ({ keys }) => (keys === undefined ? "?" : String(keys)), align: "right" },
    { title: "FILES", show: ({ files }) => String(files), align: "right" },
    { title: "SIZE", show: ({ bytes: size }) => formatSize(size), align: "right" },
    { title: "LAST CHANGED", show: ({ changed }) => (changed === undefined ? "never" : formatTime(changed, true)) },
  ];
  const parts: readonly TableColumn<CheckpointReport["sources"][number]>[] = [
    { title: "NAME", show: ({ name }) => name },
    { title: "KIND", show: ({ kind }) => kind },
    { title: "WHAT", show: ({ label }) => label },
    { title: "IN THE CHECKPOINT", show: ({ has }) => has ?? "nothing" },
  ];
  return (
    `${found.directory}\n${rows.map(([title, text]) => `  ${title.padEnd(10)}  ${text}\n`).join("")}` +
    `\n${formatTable(found.states, states, "no state")}` +
    `\nSources\n${formatTable(found.sources, parts, "none")}` +
    `\nOutputs\n${formatTable(found.outputs, parts, "none")}`
  );
}

function jobInWords({ job, batchIntervalMs = 0 }: CheckpointReport): string {
  if (job === undefined) return "none yet: its state was imported";
  return `${job}, a batch every ${formatDuration(millis(batchIntervalMs))}`;
}

function pendingInWords({ prepared, outputsDone }: NonNullable<CheckpointReport["pending"]>): string {
  if (prepared) return "whose outputs are complete: it is to be committed";
  return `to run again${outputsDone === 0 ? "" : `, but for ${outputsDone} outputs that are committed`}`;
}

/** What a job would find. */
export function showFindings(findings: readonly CheckpointFinding[]): string {
  const columns: readonly TableColumn<CheckpointFinding>[] = [
    { title: "PART", show: ({ part }) => part },
    { title: "NAME", show: ({ name }) => name },
    { title: "OUTCOME", show: outcomeOf },
  ];
  const table = formatTable(findings, columns, "neither the job nor the checkpoint has a part with data");
  const lost = findings.filter(({ loses }) => loses !== undefined);
  const each = lost.map(({ part, name, why, loses }) => `\nThe ${part} "${name}": ${why}. It would lose ${loses}.\n`);
  const short = findings.filter(({ finding }) => finding === "fills");
  const filling = short.map(({ part, name, why }) => `\nThe ${part} "${name}": ${why}.\n`);
  const drops = [...new Set(lost.map(({ name }) => `--drop ${name}`))].join(" ");
  const end =
    lost.length === 0
      ? "The job would go on, and lose nothing."
      : `The job would be refused. To let go of that data: ${drops}`;
  return `${table}${filling.join("")}${each.join("")}\n${end}\n`;
}

function outcomeOf({ finding, loses, now }: CheckpointFinding): string {
  if (finding === "kept") return "goes on";
  if (finding === "fills") return "fills up";
  if (loses !== undefined) return "would be lost";
  if (finding === "new") return "is new, without data";
  return now === undefined ? "is gone, and has left nothing" : "starts anew: there is nothing to take over";
}
