import { expect, test } from "vitest";
import { ClockLead } from "./clock-lead.ts";

const HOUR = 3_600_000;
const from = () => new ClockLead({ wallMs: 0, monotonicMs: 0 });

test("a late batch causes no lead", () => {
  expect(from().look({ wallMs: 9000, monotonicMs: 9000 }, 1000)).toBe(0);
});

test("a step forward is the lead until batches have caught up", () => {
  const lead = from();
  const looks: [wallMs: number, monotonicMs: number, batchTime: number, leadMs: number][] = [
    [1000, 1000, 1000, 0],
    [2000 + HOUR, 2000, 2000, HOUR],
    [3000 + HOUR, 3000, 4000, HOUR - 1000],
    [4000 + HOUR, 4000, 4000 + HOUR, 0],
    [9000 + HOUR, 9000, 5000 + HOUR, 0],
  ];
  for (const [wallMs, monotonicMs, batchTime, leadMs] of looks)
    expect(lead.look({ wallMs, monotonicMs }, batchTime)).toBe(leadMs);
});

test("a step back and the step that undoes it cause no lead", () => {
  const lead = from();
  expect(lead.look({ wallMs: 1000 - HOUR, monotonicMs: 1000 }, 1000)).toBe(0);
  expect(lead.look({ wallMs: 2000, monotonicMs: 2000 }, 2000)).toBe(0);
  expect(lead.look({ wallMs: 3000 + HOUR, monotonicMs: 3000 }, 3000)).toBe(HOUR);
  expect(lead.look({ wallMs: 4000, monotonicMs: 4000 }, 4000)).toBe(0);
});
