import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILE_CHANGES, type FileChange } from "@millrace/base";
import { locationFrom, within } from "@millrace/files";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalFileSystem } from "./local.ts";

let directory: string;
/** Every change from this one on is refused, by its number. */
let refusedFrom: number;
let made: number;

function onChange(message: unknown): void {
  const change = message as FileChange; // only the engine publishes there
  if (made >= refusedFrom) change.refusal = Object.assign(new Error("no space"), { code: "ENOSPC" });
  else made += 1;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-refused-"));
  made = 0;
  refusedFrom = Number.POSITIVE_INFINITY;
  subscribe(FILE_CHANGES, onChange);
});
afterEach(async () => {
  unsubscribe(FILE_CHANGES, onChange);
  await rm(directory, { recursive: true });
});

const files = new LocalFileSystem();
const bytes = Buffer.from("content");
const at = (name: string) => within(locationFrom(directory), name);

/** All calls of the port that change files, in the order in which a test can make them. */
const CALLS: Readonly<Record<string, () => Promise<unknown> | unknown>> = {
  write: () => files.write(at("deep/written"), [bytes]),
  create: async () => {
    const writer = await files.create(at("created"));
    await writer.write(bytes).catch(async (error: unknown) => {
      await writer.abandon();
      throw error;
    });
    await writer.close();
  },
  "blocking create": () => {
    const writer = files.blocking?.create(at("blocking"));
    try {
      writer?.write(bytes);
      writer?.close();
    } catch (error) {
      writer?.abandon();
      throw error;
    }
  },
  append: () => {
    const appender = files.blocking?.append?.(at("created"));
    try {
      appender?.append(bytes);
    } finally {
      appender?.close();
    }
  },
  makeDirectory: () => files.makeDirectory(at("made/below")),
  publish: () => files.publish(at("made"), at("published")),
  remove: () => files.remove(at("published")),
};

/** The directory as it is before this call is made in its order. */
async function prepare(name: string): Promise<void> {
  await rm(directory, { recursive: true });
  await files.makeDirectory(locationFrom(directory));
  for (const [before, call] of Object.entries(CALLS)) {
    if (before === name) return;
    await call();
  }
}

test.each(Object.entries(CALLS))(
  "each change of %s is announced, and refused it fails like that of a full disk",
  async (name, call) => {
    await prepare(name);
    const first = made;
    await call();
    const changes = made - first;
    expect(changes).toBeGreaterThan(0);
    for (let n = 0; n < changes; n++) {
      await prepare(name);
      refusedFrom = made + n;
      await expect((async () => call())()).rejects.toMatchObject({ code: "DISK_FULL" });
      expect((await readdir(directory)).filter((file) => file.endsWith(".tmp"))).toEqual([]);
      refusedFrom = Number.POSITIVE_INFINITY;
    }
  },
);
