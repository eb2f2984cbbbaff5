import { unreachable } from "@millrace/base";
import type { Inline, PairPart } from "@millrace/operators";
import type { FnSlot } from "@millrace/plan";
import { CHUNK_OF_ITS_OWN, type FusedOp, type LoopOptions, type SegmentPlan } from "./segment.ts";
import { takesPairs } from "./terminal.ts";
import {
  type Calls,
  pairTerminal,
  recordTerminal,
  stopsEarly,
  terminalFrame,
  writeTerminal,
} from "./terminal-source.ts";

/** Inner loops check the cancel flag, and the size of their table, once per this many records. */
const PAUSE_RECORDS = 1024;

/** The representation of the current record in the generated code: names of variables. */
type Current =
  | { readonly kind: "record"; readonly name: string }
  /** `tuple` holds the same pair as an array, if there is one. */
  | { readonly kind: "pair"; readonly key: string; readonly value: string; readonly tuple: string | undefined };

/** Generates the loop of a segment: one pass over its operators, with its terminal at the end. */
export class LoopSource {
  readonly #plan: SegmentPlan;
  readonly #feed: "rows" | "pairs";
  readonly #stopping: boolean;
  readonly #first: boolean;
  /** The operator that opens the innermost loop; none: the loop over the source. */
  readonly #innermost: number;
  /** Whether all records of the innermost loop reach the terminal, so that they need not be counted one by one. */
  readonly #countedAtOnce: boolean;
  readonly #lines: string[] = [];
  /** Closes the loops that flatMaps opened. */
  readonly #closers: string[] = [];
  readonly #slots = new Set<number>();
  #names = 0;
  readonly #calls: Calls = {
    slot: (fn) => this.#slot(fn),
    merge: (fn, a, b) => (this.#inline(fn)?.kind === "sum" ? `${a} + ${b}` : `${this.#slot(fn)}(${a}, ${b})`),
  };

  constructor(plan: SegmentPlan, feed: "rows" | "pairs", { stopping = false, first = false }: LoopOptions) {
    this.#plan = plan;
    this.#feed = feed;
    this.#stopping = stopping;
    this.#first = first;
    this.#innermost = plan.ops.findLastIndex(({ kind }) => kind === "flatMap" || kind === "flatMapValues");
    const filters = plan.ops.slice(this.#innermost + 1).some(({ kind }) => kind === "filter");
    this.#countedAtOnce = !filters && !stopsEarly(plan.terminal);
    if (this.#countedAtOnce && this.#innermost < 0) this.#emit("n = end - i;");
    this.#emit("for (; i < end; i++) {");
    this.#emit(feed === "rows" ? "const r = rows[i];" : "const k = ks[i], v = vs[i];");
    this.#closers.push("}");
  }

  source(): string {
    const { ops, terminal } = this.#plan;
    let current: Current =
      this.#feed === "rows" ? { kind: "record", name: "r" } : { kind: "pair", key: "k", value: "v", tuple: undefined };
    ops.forEach((op, index) => {
      current = this.#operator(op, index, current);
    });
    this.#terminal(current);
    const frames = [...numberFrames(ops), terminalFrame(terminal)];
    const name = this.#feed;
    const parameters = name === "rows" ? "rows, i, end, s" : "ks, vs, i, end, s";
    return `// ${this.#plan.name} ${name}
"use strict";
return function${this.#stopping ? "*" : ""} ${name}(${parameters}) {
${[...this.#slots].map((slot) => `const f${slot} = s.f[${slot}];`).join(" ")}
let op = 0, n = 0${this.#innermost >= 0 ? ", tick = 0" : ""};
${frames.map(({ before }) => before).join("\n")}
try {
${[...this.#lines, ...this.#closers.reverse()].join("\n")}
} catch (error) { s.fail(error, op); }
${frames.map(({ after }) => after).join("\n")}
return false;
};`;
  }

  #operator(op: FusedOp, index: number, current: Current): Current {
    switch (op.kind) {
      case "map":
        return (
          this.#inlineMap(op, index, current) ?? {
            kind: "record",
            name: this.#call(op, index, this.#asRecord(current)),
          }
        );
      case "filter": {
        const record = this.#asRecord(current);
        const kept = `b${index}`;
        this.#emit(`op = ${index}; const ${kept} = ${this.#fn(op)}(${record});`);
        this.#emit(`if (${kept} !== true && (!${kept} || !s.truthy(${kept}))) continue;`);
        return current.kind === "pair" ? { ...current, tuple: record } : current;
      }
      case "flatMap": {
        const element = this.#loop(this.#call(op, index, this.#asRecord(current)), index, op.kind);
        return { kind: "record", name: element };
      }
      case "mapValues": {
        const pair = this.#asPair(current, index);
        const value = this.#call(op, index, pair.value);
        return { kind: "pair", key: pair.key, value, tuple: undefined };
      }
      case "flatMapValues": {
        const pair = this.#asPair(current, index);
        const values = op.fn === undefined ? pair.value : this.#call(op, index, pair.value);
        const value = this.#loop(values, index, op.kind);
        return { kind: "pair", key: pair.key, value, tuple: undefined };
      }
      case "keys":
        return { kind: "record", name: this.#asPair(current, index).key };
      case "values":
        return { kind: "record", name: this.#asPair(current, index).value };
      case "number": {
        const number = this.#name("x");
        this.#emit(`const ${number} = next${index}; next${index} += step${index};`);
        return { kind: "pair", key: this.#asRecord(current), value: number, tuple: undefined };
      }
      default:
        return unreachable(op.kind);
    }
  }

  /**
   * The pair that an operator of the engine makes, without a tuple; `undefined` if it makes none, or is a function of
   * the job.
   */
  #inlineMap(op: FusedOp, index: number, current: Current): Current | undefined {
    const inline = op.fn === undefined ? undefined : this.#inline(op.fn);
    if (inline?.kind !== "pair") return undefined;
    const record = this.#asRecord(current);
    const key = this.#part(inline.key, op, index, record);
    return { kind: "pair", key, value: this.#part(inline.value, op, index, record), tuple: undefined };
  }

  #part(part: PairPart, op: FusedOp, index: number, record: string): string {
    if (part === "record") return record;
    if (part !== "key") return String(part);
    const key = this.#name("k");
    this.#emit(`op = ${index}; const ${key} = (0, ${this.#fn(op)}.key)(${record});`);
    return key;
  }

  #inline(fn: FnSlot): Inline | undefined {
    return this.#plan.inlines[fn];
  }

  /** Calls the operator's function; returns the variable with the result. */
  #call(op: FusedOp, index: number, argument: string): string {
    const result = this.#name("r");
    this.#emit(`op = ${index}; const ${result} = ${this.#fn(op)}(${argument});`);
    return result;
  }

  /**
   * Opens a loop over the result of a flatMap: arrays by index; anything else is taken from its iterator in arrays of
   * limited length, so that there is one loop body. Returns the variable with the element.
   */
  #loop(given: string, index: number, kind: FusedOp["kind"]): string {
    const list = this.#name("a");
    const rest = this.#name("it");
    const at = this.#name("i");
    const from = this.#name("b");
    const end = this.#name("e");
    const element = this.#name("r");
    this.#emit(`let ${list} = ${given}, ${rest};`);
    this.#emit(`if (!isArray(${list})) { ${list} = s.firstPiece(${given}); ${rest} = s.rest; }`);
    // The result of a flatMapValues has values, not records.
    const whole = this.#stopping && index === this.#plan.ops.length - 1 && kind === "flatMap";
    const length = `${list}.length`;
    const piece = `${length} - ${from} > ${PAUSE_RECORDS} ? ${from} + ${PAUSE_RECORDS} : ${length}`;
    this.#emit(`for (let ${from} = 0;;) {`);
    this.#emit(`const ${end} = ${whole ? length : piece};`);
    if (this.#countedAtOnce && index === this.#innermost) this.#emit(`n += ${end} - ${from};`);
    if (whole) {
      const give = `if (filled > 0) { s.filled = filled; yield; filled = 0; } s.filled = 0; s.whole = ${list}; yield;`;
      this.#emit(`if (${end} >= ${CHUNK_OF_ITS_OWN}) { ${give} } else`);
    }
    // Only the operators are in the innermost loop: after a call, V8 checks the array again.
    this.#emit(`for (let ${at} = ${from}; ${at} < ${end}; ${at}++) {\nconst ${element} = ${list}[${at}];`);
    this.#closers.push(
      `}
if ((tick += ${end} - ${from}) >= ${PAUSE_RECORDS}) { tick = 0; s.pause(n); }
if (${end} < ${list}.length) { ${from} = ${end}; continue; }
if (${rest} === undefined) break;
op = ${index}; ${list} = s.nextPiece(${rest}); ${rest} = s.rest; ${from} = 0;
}`,
    );
    return element;
  }

  #terminal(current: Current): void {
    const { terminal, ops } = this.#plan;
    const pair = takesPairs(terminal) ? this.#asPair(current, ops.length) : undefined;
    const writes = terminal.kind === "write" || terminal.kind === "roundRobin";
    const record = pair !== undefined || writes || terminal.kind === "count" ? "" : this.#asRecord(current);
    this.#emit(`op = ${ops.length};${this.#countedAtOnce ? "" : " n++;"}`);
    if (pair !== undefined) this.#emit(pairTerminal(terminal, pair.key, pair.value, this.#calls));
    else if (writes) this.#emit(writeTerminal(terminal, writeCall(current)));
    else this.#emit(recordTerminal(terminal, record, this.#calls, { stopping: this.#stopping, first: this.#first }));
  }

  #asRecord(current: Current): string {
    if (current.kind === "record") return current.name;
    if (current.tuple !== undefined) return current.tuple;
    const tuple = this.#name("t");
    this.#emit(`const ${tuple} = [${current.key}, ${current.value}];`);
    return tuple;
  }

  /** @param consumer The operator to be named if the record is not a pair. */
  #asPair(current: Current, consumer: number): { readonly key: string; readonly value: string } {
    if (current.kind === "pair") return current;
    const key = this.#name("k");
    const value = this.#name("v");
    this.#emit(
      `if (!isArray(${current.name}) || ${current.name}.length !== 2) { op = ${consumer}; s.notPair(${current.name}); }`,
    );
    this.#emit(`const ${key} = ${current.name}[0], ${value} = ${current.name}[1];`);
    return { key, value };
  }

  #fn(op: FusedOp): string {
    return op.fn === undefined ? "undefined" : this.#slot(op.fn);
  }

  #slot(slot: number): string {
    this.#slots.add(slot);
    return `f${slot}`;
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`.replace(/^f/, "_f");
  }

  #emit(line: string): void {
    this.#lines.push(line);
  }
}

/** The numbers to come are in local variables while the loop runs. */
function numberFrames(ops: readonly FusedOp[]): { readonly before: string; readonly after: string }[] {
  return ops.flatMap(({ kind }, index) =>
    kind === "number"
      ? [
          {
            before: `let { next: next${index}, step: step${index} } = s.numberings.get(${index});`,
            after: `s.numberings.get(${index}).next = next${index};`,
          },
        ]
      : [],
  );
}

function writeCall(current: Current): string {
  if (current.kind === "record") return `.write(${current.name});`;
  return `.writePair(${current.key}, ${current.value});`;
}
