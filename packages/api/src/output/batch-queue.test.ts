import { describe, expect, test } from "vitest";
import { BatchQueue } from "./batch-queue.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Whether a promise has settled by the next turn of the event loop. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await turn();
  return done;
}

const value = async <T>(queue: BatchQueue<T>) => (await queue.next()).value;

describe("items of batches", () => {
  test("arrive one by one, in order, whether they or the reader came first", async () => {
    const queue = new BatchQueue<number>(10);
    const early = queue.next();
    await queue.push([1, 2]);
    await queue.push([3]);
    expect(await early).toEqual({ done: false, value: 1 });
    expect([await value(queue), await value(queue)]).toEqual([2, 3]);
  });

  test("go to concurrent readers in the order of their requests", async () => {
    const queue = new BatchQueue<number>(10);
    const asked = [queue.next(), queue.next(), queue.next()];
    await queue.push([1]);
    await queue.push([2, 3]);
    expect((await Promise.all(asked)).map((step) => step.value)).toEqual([1, 2, 3]);
  });
});

describe("a batch", () => {
  test.each([0, 1, 2])("is held up while more than highWater = %i are not done with", async (highWater) => {
    const queue = new BatchQueue<number>(highWater);
    for (let n = 0; n < highWater; n++) expect(await settled(queue.push([n]))).toBe(true);
    const held = queue.push([99]);
    expect(await settled(held)).toBe(false);
    await queue.next(); // has the first item, and works on it
    expect(await settled(held)).toBe(false);
    void queue.next(); // asks for more: it is done with that
    expect(await settled(held)).toBe(true);
  });

  test("without items holds nothing up", async () => {
    const queue = new BatchQueue<number>(0);
    expect(await settled(queue.push([]))).toBe(true);
  });

  test("is dropped, and does not block, once the loop has been left", async () => {
    const queue = new BatchQueue<number>(0);
    const held = queue.push([1, 2]);
    await queue.next();
    await queue.return();
    expect(await settled(held)).toBe(true);
    expect(await settled(queue.push([3]))).toBe(true);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});

describe("the end", () => {
  test("comes after all items, and waits until they are taken", async () => {
    const queue = new BatchQueue<number>(5);
    const first = queue.next();
    await queue.push([1, 2]);
    const end = queue.end(undefined);
    expect(await settled(end)).toBe(false);
    expect([(await first).value, await value(queue)]).toEqual([1, 2]);
    expect(await settled(end)).toBe(false); // the last item is being worked on
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    expect(await settled(end)).toBe(true);
    expect(queue.asked).toBe(true);
  });

  test("of a failed job is its error, once, after all items", async () => {
    const queue = new BatchQueue<number>(5);
    const asked = queue.next();
    await queue.push([1]);
    void queue.end(new Error("a batch failed"));
    expect((await asked).value).toBe(1);
    await expect(queue.next()).rejects.toThrow("a batch failed");
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  test("waits for nobody when nobody ever asked, or when the loop was left", async () => {
    const unread = new BatchQueue<number>(5);
    await unread.push([1]);
    expect(await settled(unread.end(undefined))).toBe(true);
    expect(unread.asked).toBe(false);
    const left = new BatchQueue<number>(5);
    for await (const item of pushed(left, [1, 2])) if (item === 1) break;
    expect(await settled(left.end(undefined))).toBe(true);
  });

  test("reaches a waiting reader at once", async () => {
    const queue = new BatchQueue<number>(5);
    const asked = queue.next();
    expect(await settled(queue.end(undefined))).toBe(true);
    expect(await asked).toEqual({ done: true, value: undefined });
  });
});

test("a web stream can be made of it, which ends with it and leaves it when it is cancelled", async () => {
  const queue = new BatchQueue<number>(5);
  await queue.push([1, 2, 3]);
  const reader = ReadableStream.from(queue).getReader();
  expect(await reader.read()).toEqual({ done: false, value: 1 });
  await reader.cancel();
  expect(queue.open).toBe(false);
});

function pushed<T>(queue: BatchQueue<T>, items: readonly T[]): BatchQueue<T> {
  void queue.push(items);
  return queue;
}
