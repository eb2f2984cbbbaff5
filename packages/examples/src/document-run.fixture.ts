import { EventEmitter, once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { type TestJob, testJob } from "millrace/testing";
import { type Example, type Look, matches, type Scene, scenesOf } from "./document.fixture.ts";

/** A transcript starts with the first batch after this. */
const START = Date.UTC(2026, 10, 23, 20, 17, 30);

/**
 * Runs a document's job in virtual time, batch by batch as in its transcript, in the process's working directory.
 *
 * @throws It shows something else than the transcript.
 */
export async function runExample(example: Example, file: string): Promise<void> {
  const scenes = scenesOf(example.transcript);
  const listener = await listenFor(scenes);
  let shown = "";
  try {
    const startTime = Math.floor(START / example.intervalMs) * example.intervalMs;
    const t = await testJob(file, { startTime, args: listener.args });
    try {
      for (const scene of scenes) {
        shown += `\n--- a batch fed ${JSON.stringify(scene.fed)}:\n`;
        const lines = await play(t, scene, example.intervalMs);
        shown += lines.join("\n");
        if (example.transcript.length > 0 && !matches(lines, scene.shown)) throw new Error("it shows something else");
        for (const look of scene.looks) {
          const found = await lookAt(look, listener);
          shown += `\n$ ${look.command.join(" ")}\n${found.join("\n")}`;
          if (!matches(found, look.lines)) throw new Error("it left something else");
        }
      }
    } finally {
      await t.stop();
    }
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    if (isRefusal(told, scenes[0]?.shown)) return;
    throw new Error(`${example.at}: ${told}${shown}`, { cause: error });
  } finally {
    await listener.close();
  }
}

async function play(t: TestJob, { fed, shown }: Scene, intervalMs: number): Promise<string[]> {
  const [output, log] = [t.output.length, t.log.length];
  for (const source of new Set(fed.map(([name]) => name))) {
    const lines = fed.filter(([name]) => name === source).map(([, record]) => record);
    if (source?.includes("/")) putFile(source, lines);
    else t.feed(source === undefined ? 0 : nameOf(t, source), lines);
  }
  try {
    await t.advance(intervalMs);
  } catch (error) {
    if (shown[0]?.startsWith("[") && error instanceof Error && matches(error.message.split("\n"), shown))
      return [...shown];
    throw error;
  }
  const printed = t.output.slice(output).replace(/^-{43}\nTime: .*\n-{43}\n/gm, "");
  return [
    ...printed.split("\n").filter((line) => line !== ""),
    ...t.log.slice(log).flatMap((line) => line.split("\n")),
  ];
}

/** Whether a page shows an error: `[CODE] …`, wrapped anywhere. */
function isRefusal(message: string, shown: readonly string[] = []): boolean {
  return /^\[[A-Z_]+\]/.test(shown[0] ?? "") && matches([message.replaceAll("\n", " ")], [shown.join(" ")]);
}

/** `9998` is short for the source whose name ends with it. */
function nameOf(t: TestJob, source: string): string {
  return t.sources.find((name) => name.endsWith(`:${source}`)) ?? source;
}

function putFile(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
}

interface Listener {
  /** The port of the listener, for the job. */
  readonly args: readonly string[];
  /** The received lines, once there are that many. */
  take(lines: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** For `$ nc -lk PORT` of a transcript, listens on a free port. */
async function listenFor(scenes: readonly Scene[]): Promise<Listener> {
  const listens = scenes.some(({ looks }) => looks.some(({ command }) => command[0] === "nc"));
  if (!listens) return { args: [], take: async () => [], close: async () => {} };
  let received: string[] = [];
  const arrived = new EventEmitter();
  const server: Server = createServer((socket) => {
    createInterface(socket).on("line", (line) => {
      received.push(line);
      arrived.emit("line");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    args: ["127.0.0.1", String(port)],
    async take(lines) {
      while (received.length < lines) await once(arrived, "line");
      const taken = received;
      received = [];
      return taken;
    },
    async close() {
      server.close();
      server.unref();
    },
  };
}

async function lookAt({ command, lines }: Look, listener: Listener): Promise<readonly string[]> {
  const [program, path = ""] = command;
  if (program === "nc") return listener.take(lines.length);
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}
