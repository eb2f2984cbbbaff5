import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FileSystem, type Location, locations } from "millrace";
import { fileSystemContract } from "millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Fault, FaultProxy } from "./fault-proxy.fixture.ts";
import type { S3Options } from "./options.ts";
import { CANARY, TestStore } from "./store.fixture.ts";

const { within } = locations;
const MIB = 1 << 20;

let store: TestStore;
beforeAll(() => {
  store = TestStore.start();
});
afterAll(() => store.remove());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => Buffer.from(content).toString();

async function namesIn(files: FileSystem, directory: Location): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of files.list(directory)) names.push(...page.map(({ name }) => name));
  return names.sort();
}

describe("the contract of file systems", () => {
  const cases = fileSystemContract(async () => ({ files: store.files(), directory: store.place() }));
  for (const { title, run } of cases) test(title, run);
});

describe("objects", () => {
  test("of a directory with several pages are listed, page by page", async () => {
    const place = store.place();
    const folder = join(store.directory, "data", place.slice("s3://".length));
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 1_100; i++) writeFileSync(join(folder, `part-${i}`), "x");
    const pages: number[] = [];
    for await (const page of store.files().list(place)) pages.push(page.length);
    expect(pages).toEqual([1_000, 100]);
  });

  test("are what another client reads, and have the same version when they are published", async () => {
    const files = store.files({ partBytes: 5 * MIB });
    const place = store.place();
    const content = randomBytes(6 * MIB).toString("hex");
    const writer = await files.create(within(place, ".staged", "part-0"));
    for (let at = 0; at < content.length; at += MIB) await writer.write(bytes(content.slice(at, at + MIB)));
    const { token } = await writer.close();
    expect(token).toMatch(/-3$/); // parts
    await files.publish(within(place, ".staged"), within(place, "out"));
    const published = within(place, "out", "part-0");
    expect((await files.stat(published))?.version).toBe(token);
    expect(await store.curl(published)).toBe(content);
    expect(text(await files.read(published, { start: 8 * MIB - 3, end: 8 * MIB + 3 }))).toBe(
      content.slice(8 * MIB - 3, 8 * MIB + 3),
    );
    expect(await store.uploads()).toEqual([]);
  });

  test("that were published in part are published by the next call", async () => {
    const files = store.files();
    const place = store.place();
    const [staged, out] = [within(place, ".staged"), within(place, "out")];
    for (const name of ["a", "b", "_SUCCESS"]) await files.write(within(staged, name), [bytes(name)]);
    await files.write(within(out, "a"), [bytes("a")]);
    await files.publish(staged, out);
    expect(await namesIn(files, out)).toEqual(["_SUCCESS", "a", "b"]);
    expect(await files.stat(staged)).toBeUndefined();
  });
});

describe("an upload", () => {
  test("of a process that was killed is ended when its directory is removed", async () => {
    const files = store.files();
    const place = store.place();
    const staging = within(place, ".staging");
    await files.makeDirectory(within(staging, "_temporary"));
    const child = spawn(process.execPath, ["--input-type=module", "-e", UPLOADER, within(staging, "_temporary", "0")], {
      env: { ...process.env, ...store.env },
      stdio: ["ignore", "pipe", "inherit"],
      cwd: import.meta.dirname,
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(await store.uploads()).toEqual([expect.stringMatching(/_temporary\/0$/)]);
    await files.remove(staging);
    expect(await store.uploads()).toEqual([]);
    expect(await files.stat(staging)).toBeUndefined();
  });

  test("that is abandoned leaves nothing", async () => {
    const files = store.files({ partBytes: 5 * MIB });
    const place = store.place();
    const writer = await files.create(within(place, "file"));
    await writer.write(new Uint8Array(11 * MIB));
    expect(await store.uploads()).toHaveLength(1);
    await writer.abandon();
    expect(await store.uploads()).toEqual([]);
    expect(await files.stat(within(place, "file"))).toBeUndefined();
  });
});

/** Sends two parts and goes no further. */
const UPLOADER = `
  import { s3Files } from "@millrace/s3";
  import { locations } from "millrace";
  const writer = await s3Files({ partBytes: 5 << 20 }).create(locations.of(process.argv[1]));
  await writer.write(new Uint8Array(11 << 20));
  console.log("sent");
  setInterval(() => {}, 1000);
`;

describe("what is wrong", () => {
  const at = locations.of("s3://bucket/any");
  const nobody = "http://127.0.0.1:1"; // a port that no one listens at
  const wrong: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    [
      "a host that does not answer",
      "FILE_SERVER_UNREACHABLE",
      () => store.files({ endpoint: nobody, patienceMs: 0 }).stat(at),
    ],
    [
      "a host that does not exist",
      "FILE_SERVER_UNREACHABLE",
      () => store.files({ endpoint: "http://none.invalid", patienceMs: 0 }).stat(at),
    ],
    [
      "an access key that does not exist",
      "FILE_CREDENTIALS_REFUSED",
      () => store.files({ profile: "wrong-key" }).stat(at),
    ],
    ["a wrong secret", "FILE_CREDENTIALS_REFUSED", () => store.files({ profile: "wrong-secret" }).stat(at)],
    ["no credentials", "FILE_CREDENTIALS_REFUSED", () => store.files({ profile: "missing" }).stat(at)],
    [
      "a bucket that does not exist",
      "FILE_STORE_MISSING",
      () => store.files().stat(locations.of("s3://no-such-bucket/a")),
    ],
    [
      "a bucket that does not exist, to write",
      "FILE_STORE_MISSING",
      () => store.files().write(locations.of("s3://no-such-bucket/a"), []),
    ],
  ];
  test.each(wrong)("is told by a code: %s is %s", async (_, code, call) => {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(shown(error)).not.toContain(CANARY);
  });

  const connects: readonly (readonly [string, S3Options, string, string])[] = [
    ["a host that does not answer", { endpoint: nobody }, "s3://bucket/a", "FILE_SERVER_UNREACHABLE"],
    ["a host that does not exist", { endpoint: "http://none.invalid" }, "s3://bucket/a", "FILE_SERVER_UNREACHABLE"],
    ["an access key that does not exist", { profile: "wrong-key" }, "s3://bucket/a", "FILE_CREDENTIALS_REFUSED"],
    ["a wrong secret", { profile: "wrong-secret" }, "s3://bucket/a", "FILE_CREDENTIALS_REFUSED"],
    ["a bucket that does not exist", {}, "s3://no-such-bucket/a", "FILE_STORE_MISSING"],
  ];
  test.each(connects)("is told by one attempt to connect: %s", async (_, options, path, code) => {
    const files = store.files(options); // with the patience of a job
    for (const access of ["read", "write"] as const) {
      const error: unknown = await files.probe?.(locations.of(path), access).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(shown(error)).not.toContain(CANARY);
    }
  });

  test("is told by one attempt to connect: no permission, and a prefix without objects", async () => {
    const proxy = await throughProxy();
    const files = store.files({ endpoint: proxy.endpoint });
    for (const [method, access] of [
      ["GET", "read"],
      ["POST", "write"],
    ] as const) {
      proxy.next(method, "denied");
      await expect(files.probe?.(store.place(), access)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" });
      expect(proxy.left).toBe(0);
    }
    await expect(files.probe?.(store.place(), "read")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("is nothing: an attempt to write leaves no object and no upload", async () => {
    const place = store.place();
    await store.files().probe?.(place, "write");
    expect([await store.files().stat(place), await store.uploads()]).toEqual([undefined, []]);
  });

  test("is told by a code: no permission is FILE_FORBIDDEN", async () => {
    const proxy = await throughProxy();
    proxy.next("GET", "denied");
    const files = store.files({ endpoint: proxy.endpoint });
    await expect(namesIn(files, at)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" });
    expect(proxy.left).toBe(0);
  });

  test("is said for all options at once, without their values", () => {
    const call = () => store.files({ endpoint: `http://user:${CANARY}@host`, partBytes: 1 });
    expect(call).toThrow(/FILE_SYSTEM_REFUSED.*endpoint: .*partBytes: want 5242880 at least/);
    expect(call).not.toThrow(CANARY);
  });
});

const proxies: FaultProxy[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});

async function throughProxy(): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(store.endpoint);
  proxies.push(proxy);
  return proxy;
}

/** All that a log or a report could show of an error. */
function shown(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(at.message, at.stack ?? "", JSON.stringify(at), ...Object.values(at).map(String));
  return parts.join("\n");
}

describe("a store that fails for a while", () => {
  const slow: Fault[] = Array.from({ length: 4 }, () => "slow down");

  test.each<readonly [string, readonly Fault[]]>([
    ["asks to slow down", slow],
    ["loses answers", ["no answer", "half the answer"]],
    ["is silent", ["silence"]],
  ])("%s: everything is read as it is", async (_, faults) => {
    const place = store.place();
    const content = randomBytes(MIB).toString("hex");
    await store.files().write(within(place, "file"), [bytes(content)]);
    const proxy = await throughProxy();
    const files = store.files({ endpoint: proxy.endpoint, requestTimeoutMs: 500 });
    proxy.next("GET", ...faults);
    expect(text(await files.read(within(place, "file")))).toBe(content);
    proxy.next("GET", ...slow);
    expect(await namesIn(files, place)).toEqual(["file"]);
    expect(proxy.left).toBe(0);
  });

  test("takes each new file once, though its answer is lost", async () => {
    const place = store.place();
    const proxy = await throughProxy();
    const files = store.files({ endpoint: proxy.endpoint });
    proxy.next("PUT", "no answer");
    expect(await files.writeNew?.(within(place, "file"), [bytes("1")])).toBe(true);
    proxy.next("PUT", "no answer");
    expect(await files.writeNew?.(within(place, "file"), [bytes("2")])).toBe(false);
    expect(proxy.left).toBe(0);
    expect(await store.curl(within(place, "file"))).toBe("1");
  });

  test("completes an upload once, though the answer to that is lost", async () => {
    const place = store.place();
    const proxy = await throughProxy();
    const files = store.files({ endpoint: proxy.endpoint, partBytes: 5 * MIB });
    const writer = await files.create(within(place, "file"));
    await writer.write(new Uint8Array(11 * MIB));
    proxy.next("POST", "no answer");
    const { token } = await writer.close();
    expect(proxy.left).toBe(0);
    expect(await files.stat(within(place, "file"))).toMatchObject({ bytes: 11 * MIB, version: token });
  });

  test("is waited for when it is killed and started again", async () => {
    const other = TestStore.start();
    try {
      const files = other.files();
      const place = other.place();
      await files.write(within(place, "before"), [bytes("1")]);
      other.kill();
      const written = files.write(within(place, "after"), [bytes("2")]);
      await other.restart();
      await written;
      expect(await namesIn(files, place)).toEqual(["after", "before"]);
    } finally {
      other.remove();
      process.env.AWS_SHARED_CREDENTIALS_FILE = store.credentials;
    }
  });
});
