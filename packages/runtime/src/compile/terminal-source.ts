import { unreachable } from "@millrace/base";
import type { FnSlot } from "@millrace/plan";
import { BUFFER_RECORDS, type LoopOptions } from "./segment.ts";
import type { Terminal } from "./terminal.ts";

/** The source text of calls of the template's functions. */
export interface Calls {
  /** The variable that holds a function. */
  readonly slot: (fn: FnSlot) => string;
  /** A call with two arguments. */
  readonly merge: (fn: FnSlot, a: string, b: string) => string;
}

/** The terminal's local variables while the loop runs, and how they are written back to the state. */
export function terminalFrame(terminal: Terminal): { readonly before: string; readonly after: string } {
  const count = "s.count += n;";
  switch (terminal.kind) {
    case "buffer":
      return { before: "const out = s.out; let filled = s.filled;", after: `${count} s.filled = filled;` };
    case "write":
      return terminal.limited
        ? {
            before: "const w = s.writer; let left = s.left; if (left <= 0) return true;",
            after: `${count} s.left = left;`,
          }
        : { before: "const w = s.writer;", after: count };
    case "reduce":
      return { before: "let acc = s.acc, has = s.has;", after: `${count} s.acc = acc; s.has = has;` };
    case "roundRobin":
      return { before: "const w = s.writers; let next = s.next;", after: `${count} s.next = next;` };
    case "hash":
    case "custom":
      return { before: "const w = s.writers;", after: count };
    case "last":
      return { before: "const index = s.index, accs = s.accs;", after: count };
    case "combine":
    case "group":
    case "cogroup":
      return { before: "const index = s.index, accs = s.accs, table = s.table;", after: count };
    case "count":
    case "text":
    case "foreach":
      return { before: "", after: count };
    default:
      return unreachable(terminal);
  }
}

/** True if the loop may end, or be left, before its last record. */
export function stopsEarly(terminal: Terminal): boolean {
  return terminal.kind === "foreach" || (terminal.kind === "write" && terminal.limited);
}

/** The code for one pair, for terminals that take pairs. */
export function pairTerminal(terminal: Terminal, key: string, value: string, calls: Calls): string {
  switch (terminal.kind) {
    case "hash":
      return `w[${terminal.partitions === 1 ? "0" : `partitionOf(${key}, ${terminal.partitions})`}].writePair(${key}, ${value});`;
    case "custom":
      return `const p = ${calls.slot(terminal.fn)}(${key});
if (!(p >= 0 && p < ${terminal.partitions} && Math.floor(p) === p)) s.badPartition(p, ${terminal.partitions}, ${key});
w[p].writePair(${key}, ${value});`;
    case "combine": {
      const first = terminal.create === undefined ? value : `${calls.slot(terminal.create)}(${value})`;
      return `const x = index.find(${key});
if (x >= 0) accs[x] = ${calls.merge(terminal.merge, "accs[x]", value)};
else if (table.direct !== undefined) table.direct.add(${key}, ${value}, 0);
else { const c = ${first}; index.add(${key}); accs.push(c); }`;
    }
    case "group":
      return `if (table.direct !== undefined) { table.direct.add(${key}, ${value}, 0); continue; }
const x = index.find(${key});
if (x >= 0) accs[x].push(${value}); else { index.add(${key}); accs.push([${value}]); }`;
    case "cogroup":
      return `if (table.direct !== undefined) { table.direct.add(${key}, ${value}, ${terminal.feed}); continue; }
let x = index.find(${key});
if (x < 0) { x = index.add(${key}); accs.push([${new Array(terminal.feeds).fill("[]").join(", ")}]); }
accs[x][${terminal.feed}].push(${value});`;
    case "last":
      return `const x = index.find(${key});
if (x >= 0) accs[x] = ${value}; else { index.add(${key}); accs.push(${value}); }`;
    default:
      return "";
  }
}

/** The code for one record, for terminals that take records. */
export function recordTerminal(
  terminal: Terminal,
  record: string,
  calls: Calls,
  { stopping, first }: Required<LoopOptions>,
): string {
  switch (terminal.kind) {
    case "buffer": {
      const stop = stopping ? `\nif (filled >= ${BUFFER_RECORDS}) { s.filled = filled; yield; filled = 0; }` : "";
      return `out[filled++] = ${record};${stop}`;
    }
    case "text":
      return `s.writeText(${record});`;
    case "reduce": {
      const next = `acc = ${calls.merge(terminal.fn, "acc", record)};`;
      return first ? `if (has) ${next} else { acc = ${record}; has = true; }` : next;
    }
    case "foreach":
      return `const p = ${calls.slot(terminal.fn)}(${record});
if (p !== undefined && p !== null && typeof p.then === "function") { s.suspend(p, i + 1, n); return true; }`;
    default:
      return "";
  }
}

/** The code for terminals that write, given the end of a call of the writer's method: `.write(r)`. */
export function writeTerminal(terminal: Terminal, call: string): string {
  if (terminal.kind === "roundRobin") return `w[next]${call} if (++next === ${terminal.partitions}) next = 0;`;
  if (terminal.kind === "write" && terminal.limited) {
    return `w${call} if (--left <= 0) { s.left = 0; s.count += n; s.closeIterators(); return true; }`;
  }
  return `w${call}`;
}
