import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { nextMessage } from "./chat-script.ts";
import { ChatServer } from "./chat-server.ts";

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function chat(rate: number, next: () => string) {
  const server = new ChatServer({ host: "127.0.0.1", port: 0, rate, next });
  const port = await server.listen();
  opened.push(server);
  return { server, port };
}

async function join(port: number): Promise<Socket> {
  const client = connect(port, "127.0.0.1");
  opened.push({ close: () => client.destroy() });
  await once(client, "connect");
  return client;
}

async function lines(client: Socket, count: number): Promise<string[]> {
  let text = "";
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.split("\n").length > count) break;
  }
  return text.split("\n").slice(0, count);
}

test("every client hears messages, one a line", async () => {
  const { port } = await chat(2_000, () => nextMessage(Math.random));
  const [ada, ken] = await Promise.all([join(port), join(port)]);
  for (const heard of await Promise.all([lines(ada, 20), lines(ken, 20)])) {
    for (const line of heard) expect(line).toMatch(/^\w+: \w.*\w$/);
  }
});

test("a client that does not read costs a bounded amount of memory, and nobody else notices", async () => {
  const { server, port } = await chat(100_000, () => "x".repeat(1000));
  const sleeper = await join(port);
  sleeper.pause();
  const reader = await join(port);
  let heard = 0;
  for await (const chunk of reader.iterator({ destroyOnReturn: false })) {
    heard += chunk.length;
    if (server.missed > 0 && heard > 1_000_000) break;
  }
  expect(server.missed).toBeGreaterThan(0);
});

test("closing ends the clients' streams in order", async () => {
  const { server, port } = await chat(1_000, () => "tony: bye");
  const client = await join(port);
  await lines(client, 3);
  const ended = once(client.resume(), "end");
  await server.close();
  await ended;
});
