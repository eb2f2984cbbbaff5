import { streamId } from "@millrace/base";
import { locations } from "@millrace/files";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, localLab, recordsAt, temporary } from "../job-executor.fixture.ts";
import { received, socketText, source, start, status } from "./receivers.fixture.ts";

afterEach(cleanUp);

describe("another driver of the job", () => {
  /** A receiver has stored two blocks, of which the driver has taken one. */
  async function world() {
    const directory = await temporary();
    const lab = await localLab({ receivedLog: { directory: locations.of(directory), epoch: 1 } });
    const text = await source();
    start(lab, socketText(text.port));
    const socket = await text.connection();
    await status(lab, "running");
    socket.write("one\n");
    expect(await received(lab, 1)).toEqual(["one"]);
    lab.remote.takesBlocks = false;
    socket.write("two\nthree\n");
    expect(await received(lab, 2)).toEqual(["two", "three"]);
    return { lab, socket };
  }

  test("finds the received blocks and the receiver, which goes on where it was", async () => {
    const { lab, socket } = await world();
    lab.remote = await lab.rebind();
    const held = await lab.remote.take("held");
    expect(held.runs).toEqual([{ stream: 0, epoch: 0, run: 0, running: true }]);
    expect(await recordsAt(lab, ...held.blocks)).toEqual(["one", "two", "three"]);
    expect(held.blocks.reduce((sum, { records }) => sum + records, 0)).toBe(3);
    await lab.remote.take("ready");
    socket.write("four\n");
    lab.remote.send({ type: "blocksTaken", stream: streamId(0), blocks: held.blocks.map(({ id }) => id) });
    start(lab, socketText(1)); // its source is what it was
    expect(await received(lab, 1)).toEqual(["four"]);
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    expect(await status(lab, "stopped")).toMatchObject({ status: { state: "stopped" } });
  });

  test("may stop the receiver there, and start it again later", async () => {
    const { lab, socket } = await world();
    lab.remote = await lab.rebind();
    await lab.remote.take("held");
    await lab.remote.take("ready");
    socket.write("four\n");
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    await status(lab, "stopped");
    const text = await source();
    start(lab, socketText(text.port));
    await text.connection();
    await status(lab, "running");
  });

  test("finds nothing where nothing was received, and new slots", async () => {
    const lab = await localLab();
    lab.remote = await lab.rebind();
    await lab.remote.take("ready");
    expect(lab.remote.messages.filter(({ type }) => type === "held")).toEqual([]);
  });
});
