import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IdleOrder } from "./idle-order.ts";

const idle = (order: IdleOrder, before: number) => [...order.before(before)].map(({ index }) => index);

describe("the order in which keys were updated", () => {
  test("yields the indices before a time, longest idle first", () => {
    const order = new IdleOrder();
    order.touch(2, 10);
    order.touch(0, 10);
    order.touch(1, 20);
    expect([...order.before(20)]).toEqual([
      { index: 2, time: 10 },
      { index: 0, time: 10 },
    ]);
    order.touch(2, 30);
    expect(idle(order, 31)).toEqual([0, 1, 2]);
  });

  test("forgets removed indices, at either end and in between, and only once", () => {
    const order = new IdleOrder();
    for (const index of [0, 1, 2, 3]) order.touch(index, index);
    order.remove(0);
    order.remove(2);
    order.remove(2);
    order.remove(99);
    expect(idle(order, 10)).toEqual([1, 3]);
    order.remove(3);
    order.remove(1);
    expect(idle(order, 10)).toEqual([]);
    order.touch(2, 11);
    expect(idle(order, 12)).toEqual([2]);
  });

  test("is that of a list that is searched through", () => {
    const step = fc.record({ index: fc.nat({ max: 40 }), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat({ max: 200 }), (steps, before) => {
        const order = new IdleOrder();
        let list: { readonly index: number; readonly time: number }[] = [];
        steps.forEach(({ index, remove }, time) => {
          list = list.filter((known) => known.index !== index);
          if (remove) {
            order.remove(index);
          } else {
            order.touch(index, time);
            list.push({ index, time });
          }
        });
        expect([...order.before(before)]).toEqual(list.filter(({ time }) => time < before));
      }),
    );
  });
});
