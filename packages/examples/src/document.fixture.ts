// The examples of a document: its TypeScript blocks, and their behaviour according to the blocks after them.

/** A TypeScript block as a file. */
export interface Example {
  /** `docs/guide/windows.md:12`, for messages. */
  readonly at: string;
  /** From the block's first line, `// counts.ts`, or else from its line number. */
  readonly file: string;
  readonly code: string;
  /** A block that exports a job is run; a module that jobs import is only compiled. */
  readonly isJob: boolean;
  readonly intervalMs: number;
  /** The lines of the `text` block after it: see {@link scenesOf}. */
  readonly transcript: readonly string[];
}

/** A `console` block: a command and its output. */
export interface Session {
  readonly at: string;
  readonly command: readonly string[];
  readonly output: readonly string[];
}

export interface Document {
  readonly examples: readonly Example[];
  readonly sessions: readonly Session[];
}

/** Where a fragment is inserted: the marker in the guide's first page. */
const PLACE = "  // … here";

interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** @param frame A job with the line `// … here`, in place of which fragments are compiled and run. */
export function readDocument(path: string, text: string, frame: string): Document {
  const blocks = blocksOf(text);
  const examples = blocks.flatMap((block, index) => {
    if (block.language !== "ts") return [];
    const next = blocks[index + 1];
    const transcript = next?.language === "text" ? next.text.trimEnd().split("\n") : [];
    return [exampleOf(path, block, frame, transcript)];
  });
  const sessions = blocks.filter(({ language }) => language === "console").map((block) => sessionOf(path, block));
  return { examples, sessions };
}

/** The job that surrounds fragments, from the page that shows it. */
export function frameOf(text: string): string {
  const frame = blocksOf(text).find((block) => block.text.includes(PLACE));
  if (frame === undefined) throw new Error(`no block has the line "${PLACE}"`);
  return frame.text;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

function exampleOf(path: string, block: Block, frame: string, transcript: readonly string[]): Example {
  const { text, line } = block;
  const isWhole = /^(import|export) /m.test(text);
  const code = isWhole ? text : inFrame(text, frame, transcript.length === 0);
  return {
    at: `${path}:${line}`,
    file: /^\/\/ (\S+\.ts)\n/.exec(text)?.[1] ?? `line-${line}.ts`,
    code,
    isJob: !text.includes(PLACE) && /^export default defineJob\(/m.test(code),
    intervalMs: intervalOf(code),
    transcript,
  };
}

function intervalOf(code: string): number {
  const [, count = "1", unit] = /batchInterval: "(\d+)(m?s)"/.exec(code) ?? [];
  return Number(count) * (unit === "ms" ? 1 : 1000);
}

/** A fragment without a transcript may have no output operation: then one is added, so that the job starts. */
function inFrame(fragment: string, frame: string, silent: boolean): string {
  const body = fragment.trimEnd().replace(/^(?=.)/gm, "  ");
  return frame.replace(PLACE, () => (silent ? `${body}\n  ssc.queueStream([]).foreachRDD(() => {});` : body));
}

function sessionOf(path: string, { text, line }: Block): Session {
  const [first = "", ...output] = text.trimEnd().split("\n");
  const command = [...first.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return { at: `${path}:${line}`, command: command.slice(1), output }; // after the prompt
}

/** One batch of a transcript. */
export interface Scene {
  /** Source and record, such as `["localhost:9999", "to be"]`; a source with a slash is a file, `["in/a.txt", "to be"]`. */
  readonly fed: readonly (readonly [source: string | undefined, record: string])[];
  /** The output of the job; `…` matches anything. */
  readonly shown: readonly string[];
  /** Files read afterwards, `$ cat out/part-00000`, and their lines. */
  readonly looks: readonly Look[];
}

export interface Look {
  /** `["cat", "out/part-00000"]`: a file; `["nc", "-lk", "2003"]`: data received over the network. */
  readonly command: readonly string[];
  readonly lines: readonly string[];
}

/**
 * A transcript as batches:
 *
 *     > to be or        a record for the first source; with several, `9998> to be or`, `in/a.txt> to be or`
 *     [ 'to', 1 ]       what the batch prints
 *     $ cat out/part    a look at what it left
 *     >                 a batch that is fed nothing
 *     > not to          the next one, which prints nothing: an empty line ends it
 *
 *     > be
 */
export function scenesOf(transcript: readonly string[]): Scene[] {
  type Open = { fed: [string | undefined, string][]; shown: string[]; looks: { command: string[]; lines: string[] }[] };
  const scenes: Open[] = [];
  let scene: Open | undefined;
  let feeding = false;
  for (const line of transcript) {
    const [isInput, source, record] = /^([\w:./-]*)> ?(.*)$/.exec(line) ?? [];
    const isSilent = isInput === ">";
    if (scene === undefined || isSilent || (isInput !== undefined && !feeding)) {
      scene = { fed: [], shown: [], looks: [] };
      scenes.push(scene);
    }
    feeding = isInput !== undefined && !isSilent;
    if (feeding) scene.fed.push([source === "" ? undefined : source, record ?? ""]);
    else if (line.startsWith("$ ")) scene.looks.push({ command: line.slice(2).split(" "), lines: [] });
    else if (line !== "" && !isSilent) (scene.looks.at(-1)?.lines ?? scene.shown).push(line);
  }
  return scenes.length === 0 ? [{ fed: [], shown: [], looks: [] }] : scenes;
}

/** Whether lines match a transcript, in which `…` stands for anything within a line, and alone for any lines. */
export function matches(lines: readonly string[], written: readonly string[]): boolean {
  const pattern = written
    .map((line) => (line === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(quoted).join(".*")}\\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(lines.map((line) => `${line}\n`).join(""));
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
