import { partitionOf } from "@millrace/codec";
import {
  BUFFER_RECORDS,
  CHUNK_OF_ITS_OWN,
  type FusedOp,
  type PairsLoop,
  type RowsLoop,
  type Segment,
  type SegmentPlan,
  type Steps,
} from "./segment.ts";
import { type Terminal, takesPairs } from "./terminal.ts";

/** Inner loops look at the cancel flag, and at the size of their table, once in so many records. */
const PAUSE_RECORDS = 1024;

/** How the current record stands in the generated code: names of variables. */
type Current =
  | { readonly kind: "record"; readonly name: string }
  /** `tuple` holds the same pair as an array, when there is one. */
  | { readonly kind: "pair"; readonly key: string; readonly value: string; readonly tuple: string | undefined };

/**
 * Turns a chain of operators into two functions, one over records and one over key and value columns: one loop, with a
 * nested one for each flatMap, every operator's function called where it stands. Nothing is allocated for the chain itself.
 *
 * The functions are variables of the loop, read from its state, so that captured values may differ from run to run while
 * the machine code stays. `op` says at any time whose function runs, so that one catch can name the operator that threw.
 */
export function generateSegment(plan: SegmentPlan): Segment {
  return {
    plan,
    labels: [...plan.ops.map((op) => op.label), plan.terminalLabel],
    rows: lazily(() => load<RowsLoop>(segmentSource(plan, "rows"))),
    pairs: lazily(() => load<PairsLoop>(segmentSource(plan, "pairs"))),
    steps: stops(plan)
      ? {
          rows: lazily(() => load<Steps<RowsLoop>>(segmentSource(plan, "rows", { stopping: true }))),
          pairs: lazily(() => load<Steps<PairsLoop>>(segmentSource(plan, "pairs", { stopping: true }))),
        }
      : undefined,
  };
}

/** A buffer would hold all that comes of one record at once. */
function stops({ ops, terminal }: SegmentPlan): boolean {
  return terminal.kind === "buffer" && ops.some(({ kind }) => kind === "flatMap" || kind === "flatMapValues");
}

/** Most segments are only ever fed in one of the two ways. */
function lazily<Args extends unknown[], Result>(make: () => (...args: Args) => Result): (...args: Args) => Result {
  let made: ((...args: Args) => Result) | undefined;
  return (...args) => {
    made ??= make();
    return made(...args);
  };
}

function load<F>(source: string): F {
  const make = new Function("isArray", "partitionOf", source) as (
    isArray: typeof Array.isArray,
    partition: typeof partitionOf,
  ) => F; // the generated source returns such a loop
  return make(Array.isArray, partitionOf);
}

/** The text of the function body that makes the loop; exported for the tests, which read it. */
export function segmentSource(plan: SegmentPlan, feed: "rows" | "pairs", options = { stopping: false }): string {
  return new LoopSource(plan, feed, options.stopping).source();
}

class LoopSource {
  readonly #plan: SegmentPlan;
  readonly #feed: "rows" | "pairs";
  /** Stops when its buffer is full. */
  readonly #stopping: boolean;
  readonly #lines: string[] = [];
  readonly #slots = new Set<number>();
  #names = 0;
  #hasInnerLoop = false;
  /** Closes the loops that flatMaps opened. */
  readonly #closers: string[] = [];

  constructor(plan: SegmentPlan, feed: "rows" | "pairs", stopping: boolean) {
    this.#plan = plan;
    this.#feed = feed;
    this.#stopping = stopping;
  }

  source(): string {
    const { ops, terminal } = this.#plan;
    let current: Current =
      this.#feed === "rows" ? { kind: "record", name: "r" } : { kind: "pair", key: "k", value: "v", tuple: undefined };
    ops.forEach((op, index) => {
      current = this.#operator(op, index, current);
    });
    this.#hasInnerLoop = this.#closers.length > 0;
    this.#terminal(terminal, ops.length, current);
    const body = [...this.#lines, ...this.#closers.reverse()].join("\n");
    return this.#frame(body);
  }

  #frame(body: string): string {
    const head = this.#feed === "rows" ? "rows, i, end, s" : "ks, vs, i, end, s";
    const first = this.#feed === "rows" ? "const r = rows[i];" : "const k = ks[i], v = vs[i];";
    const functions = [...this.#slots].map((slot) => `const f${slot} = s.f[${slot}];`).join(" ");
    const { before, after } = terminalFrame(this.#plan.terminal);
    return `// ${this.#plan.name} ${this.#feed}
"use strict";
return function${this.#stopping ? "*" : ""} ${this.#feed}(${head}) {
${functions}
let op = 0, n = 0${this.#hasInnerLoop ? ", tick = 0" : ""};
${before}
try {
for (; i < end; i++) {
${first}
${body}
}
} catch (error) { s.fail(error, op); }
${after}
return false;
};`;
  }

  #operator(op: FusedOp, index: number, current: Current): Current {
    switch (op.kind) {
      case "map":
        return this.#ownMap(op, current) ?? this.#record(this.#call(op, index, this.#asRecord(current)));
      case "filter": {
        const record = this.#asRecord(current);
        const kept = `b${index}`;
        this.#emit(`op = ${index}; const ${kept} = ${this.#fn(op)}(${record});`);
        this.#emit(`if (${kept} !== true && (!${kept} || !s.truthy(${kept}))) continue;`);
        return current.kind === "pair" ? { ...current, tuple: record } : current;
      }
      case "flatMap": {
        const element = this.#loop(this.#call(op, index, this.#asRecord(current)), index);
        return { kind: "record", name: element };
      }
      case "mapValues": {
        const pair = this.#asPair(current, index);
        const value = this.#call(op, index, pair.value);
        return { kind: "pair", key: pair.key, value, tuple: undefined };
      }
      case "flatMapValues": {
        const pair = this.#asPair(current, index);
        const value = this.#loop(this.#call(op, index, pair.value), index);
        return { kind: "pair", key: pair.key, value, tuple: undefined };
      }
      case "keys":
        return this.#record(this.#asPair(current, index).key);
      case "values":
        return this.#record(this.#asPair(current, index).value);
    }
  }

  /** The engine's own functions that make a pair: no tuple is needed for it. */
  #ownMap(op: FusedOp, current: Current): Current | undefined {
    switch (op.fn === undefined ? undefined : this.#plan.functions[op.fn]) {
      case "millrace:pairWithOne":
        return { kind: "pair", key: this.#asRecord(current), value: "1", tuple: undefined };
      case "millrace:pairWithNull":
        return { kind: "pair", key: this.#asRecord(current), value: "null", tuple: undefined };
      case "millrace:keyByNull":
        return { kind: "pair", key: "null", value: this.#asRecord(current), tuple: undefined };
      default:
        return undefined;
    }
  }

  /** A call of two arguments; an addition of the engine's own is written out, so that its types are this loop's alone. */
  #merge(slot: number, a: string, b: string): string {
    return this.#plan.functions[slot] === "millrace:add" ? `${a} + ${b}` : `${this.#slot(slot)}(${a}, ${b})`;
  }

  #record(name: string): Current {
    return { kind: "record", name };
  }

  /** Calls the operator's function; returns the variable with its result. */
  #call(op: FusedOp, index: number, argument: string): string {
    const result = this.#name("r");
    this.#emit(`op = ${index}; const ${result} = ${this.#fn(op)}(${argument});`);
    return result;
  }

  /**
   * Opens a loop over what a flatMap gave: by index over an array; anything else is taken from its iterator in pieces,
   * which are arrays again, so that there is one loop body. Returns the variable with the element.
   */
  #loop(given: string, index: number): string {
    const list = this.#name("a");
    const iterator = this.#name("it");
    const at = this.#name("i");
    const from = this.#name("b");
    const end = this.#name("e");
    const element = this.#name("r");
    this.#emit(`let ${list} = ${given}, ${iterator};`);
    this.#emit(`if (!isArray(${list})) { ${iterator} = s.iterator(${given}); ${list} = s.refill(${iterator}); }`);
    const whole = index === this.#plan.ops.length - 1 ? this.#whole(list) : undefined;
    const rest = `${list}.length - ${from} > ${PAUSE_RECORDS} ? ${from} + ${PAUSE_RECORDS} : ${list}.length`;
    this.#emit(`for (let ${from} = 0;;) {`);
    this.#emit(`const ${end} = ${whole === undefined ? rest : `${list}.length`};`);
    if (whole !== undefined) this.#emit(`if (${from} === 0 && ${end} >= ${CHUNK_OF_ITS_OWN}) { ${whole} } else`);
    // Nothing but the operators in the innermost loop: after a call, V8 looks anew at what it knows of the array.
    this.#emit(`for (let ${at} = ${from}; ${at} < ${end}; ${at}++) {\nconst ${element} = ${list}[${at}];`);
    this.#closers.push(
      `}
if ((tick += ${end} - ${from}) >= ${PAUSE_RECORDS}) { tick = 0; s.pause(n); }
if (${end} < ${list}.length) { ${from} = ${end}; continue; }
if (${iterator} === undefined) break;
op = ${index}; ${list} = s.refill(${iterator}); if (${list}.length === 0) break;
${from} = 0;
}`,
    );
    return element;
  }

  /** What the terminal does with a long array of records, if it is quicker than one by one. */
  #whole(list: string): string | undefined {
    const { terminal, ops } = this.#plan;
    // Of a flatMapValues it has values, not records.
    if (ops.at(-1)?.kind !== "flatMap") return undefined;
    if (this.#stopping) {
      return `if (filled > 0) { s.filled = filled; yield; filled = 0; } n += ${list}.length; s.filled = 0; s.whole = ${list}; yield;`;
    }
    if (terminal.kind !== "reduce") return undefined;
    const first = `has ? ${this.#merge(terminal.fn, "acc", `${list}[0]`)} : ${list}[0]`;
    const next = this.#merge(terminal.fn, "x", `${list}[j]`);
    return `op = ${ops.length}; n += ${list}.length; let x = ${first}; for (let j = 1; j < ${list}.length; j++) x = ${next}; acc = x; has = true; s.pause(n);`;
  }

  #asRecord(current: Current): string {
    if (current.kind === "record") return current.name;
    if (current.tuple !== undefined) return current.tuple;
    const tuple = this.#name("t");
    this.#emit(`const ${tuple} = [${current.key}, ${current.value}];`);
    return tuple;
  }

  /** @param consumer Operator to be named if the record is no pair. */
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

  #terminal(terminal: Terminal, index: number, current: Current): void {
    if (takesPairs(terminal)) {
      const { key, value } = this.#asPair(current, index);
      this.#emit(`op = ${index}; n++;`);
      this.#pairTerminal(terminal, key, value);
    } else if (terminal.kind === "write" || terminal.kind === "roundRobin") {
      this.#emit(`op = ${index}; n++;`);
      this.#emit(writeTerminal(terminal, writeCall(terminal.kind === "write" ? "w" : "w[next]", current)));
    } else {
      const record = terminal.kind === "count" ? "undefined" : this.#asRecord(current);
      this.#emit(`op = ${index}; n++;`);
      this.#recordTerminal(terminal, record);
    }
  }

  #pairTerminal(terminal: Terminal, key: string, value: string): void {
    switch (terminal.kind) {
      case "hash":
        this.#emit(
          `w[${terminal.partitions === 1 ? "0" : `partitionOf(${key}, ${terminal.partitions})`}].writePair(${key}, ${value});`,
        );
        return;
      case "custom":
        this.#emit(`const p = ${this.#slot(terminal.fn)}(${key});`);
        this.#emit(
          `if (!(p >= 0 && p < ${terminal.partitions} && Math.floor(p) === p)) s.badPartition(p, ${terminal.partitions}, ${key});`,
        );
        this.#emit(`w[p].writePair(${key}, ${value});`);
        return;
      case "combine": {
        const first = terminal.create === undefined ? value : `${this.#slot(terminal.create)}(${value})`;
        this.#emit(`const x = index.find(${key});`);
        this.#emit(`if (x >= 0) accs[x] = ${this.#merge(terminal.merge, "accs[x]", value)};`);
        this.#emit(`else { const c = ${first}; index.add(${key}); accs.push(c); }`);
        return;
      }
      case "group":
        this.#emit(`if (table.direct !== undefined) { table.direct.add(${key}, ${value}, 0); continue; }`);
        this.#emit(`const x = index.find(${key});`);
        this.#emit(`if (x >= 0) accs[x].push(${value}); else { index.add(${key}); accs.push([${value}]); }`);
        return;
      case "cogroup":
        this.#emit(
          `if (table.direct !== undefined) { table.direct.add(${key}, ${value}, ${terminal.feed}); continue; }`,
        );
        this.#emit(`let x = index.find(${key});`);
        this.#emit(
          `if (x < 0) { x = index.add(${key}); accs.push([${new Array(terminal.feeds).fill("[]").join(", ")}]); }`,
        );
        this.#emit(`accs[x][${terminal.feed}].push(${value});`);
        return;
      case "last":
        this.#emit(`const x = index.find(${key});`);
        this.#emit(`if (x >= 0) accs[x] = ${value}; else { index.add(${key}); accs.push(${value}); }`);
        return;
      default:
        return;
    }
  }

  #recordTerminal(terminal: Terminal, record: string): void {
    switch (terminal.kind) {
      case "buffer":
        this.#emit(`out[filled++] = ${record};`);
        if (this.#stopping) this.#emit(`if (filled >= ${BUFFER_RECORDS}) { s.filled = filled; yield; filled = 0; }`);
        return;
      case "text":
        this.#emit(`s.writeText(${record});`);
        return;
      case "reduce":
        this.#emit(`if (has) acc = ${this.#merge(terminal.fn, "acc", record)}; else { acc = ${record}; has = true; }`);
        return;
      case "foreach":
        this.#emit(`const p = ${this.#slot(terminal.fn)}(${record});`);
        this.#emit(
          `if (p !== undefined && p !== null && typeof p.then === "function") { s.suspend(p, i + 1, n); return true; }`,
        );
        return;
      default:
        return;
    }
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

function writeCall(writer: string, current: Current): string {
  if (current.kind === "record") return `${writer}.write(${current.name});`;
  return `${writer}.writePair(${current.key}, ${current.value});`;
}

function writeTerminal(terminal: Terminal, write: string): string {
  if (terminal.kind === "roundRobin") return `${write} if (++next === ${terminal.partitions}) next = 0;`;
  if (terminal.kind === "write" && terminal.limit !== undefined) {
    return `${write} if (--left <= 0) { s.left = 0; s.count += n; s.closeIterators(); return true; }`;
  }
  return write;
}

/** What the terminal keeps in local variables while the loop runs, and how it gets back into the state. */
function terminalFrame(terminal: Terminal): { readonly before: string; readonly after: string } {
  const count = "s.count += n;";
  switch (terminal.kind) {
    case "buffer":
      return { before: "const out = s.out; let filled = s.filled;", after: `${count} s.filled = filled;` };
    case "write":
      return terminal.limit === undefined
        ? { before: "const w = s.writer;", after: count }
        : {
            before: "const w = s.writer; let left = s.left; if (left <= 0) return true;",
            after: `${count} s.left = left;`,
          };
    case "reduce":
      return { before: "let acc = s.acc, has = s.has;", after: `${count} s.acc = acc; s.has = has;` };
    case "roundRobin":
      return { before: "const w = s.writers; let next = s.next;", after: `${count} s.next = next;` };
    case "hash":
    case "custom":
      return { before: "const w = s.writers;", after: count };
    case "combine":
    case "last":
      return { before: "const index = s.index, accs = s.accs;", after: count };
    case "group":
    case "cogroup":
      return { before: "const index = s.index, accs = s.accs, table = s.table;", after: count };
    case "count":
    case "text":
    case "foreach":
      return { before: "", after: count };
  }
}
