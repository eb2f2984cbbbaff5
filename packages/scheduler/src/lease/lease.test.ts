import { epochMs, millis, SeededRng } from "@millrace/base";
import type { LeaseRecord } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { type FoundLease, isSure, type LeaseEffect, type LeaseEvent, lease, stepLease } from "./lease.ts";

const LEASE = 9_000;

function record(more: Partial<LeaseRecord> = {}): LeaseRecord {
  const process = { host: "h", machine: "m", pid: 1, start: "1" };
  const owner = { what: "the job", process, token: "t" };
  return { epoch: 4, owner, since: epochMs(0), renewed: epochMs(0), leaseMs: LEASE, released: false, ...more };
}

const other = (more: Partial<FoundLease> = {}): FoundLease => ({
  number: 7,
  record: record(),
  ageMs: 0,
  fate: "unknown",
  ...more,
});

/** In words. */
function say(effect: LeaseEffect): string {
  switch (effect.type) {
    case "claim":
    case "renew":
    case "release":
      return `${effect.type} ${effect.number} of epoch ${effect.epoch}`;
    case "wakeAt":
      return `wakeAt ${Math.round(effect.at)}`;
    case "waiting":
    case "refused":
      return `${effect.type} ${effect.leftMs}`;
    default:
      return effect.type;
  }
}

function claimant(epochAfter = 0) {
  const state = lease({ lease: millis(LEASE), epochAfter });
  const after = (...events: readonly LeaseEvent[]): readonly string[] =>
    events.flatMap((event) => stepLease(state, event)).map(say);
  after({ type: "started" });
  const finds = (found: FoundLease | undefined, at = 0) => after({ type: "found", at, lease: found });
  const written = (begun: number, won = true) => after({ type: "written", begun, won });
  return { state, after, finds, written, sure: (at: number) => isSure(state, at) };
}

/** An owner since 0. */
function owner() {
  const it = claimant();
  it.finds(undefined);
  it.written(0);
  return it;
}

describe("a directory is claimed", () => {
  test("at once without a lease, with the first epoch after that of the log", () => {
    const { finds, written } = claimant(2);
    expect(finds(undefined)).toEqual(["claim 1 of epoch 3"]);
    expect(written(100)).toEqual(["held", "wakeAt 3100"]);
  });

  test.each([
    ["whose owner is dead", other({ fate: "dead" })],
    ["that was released", other({ record: record({ released: true }), fate: "alive" })],
    ["that has expired, of an owner that is paused", other({ ageMs: LEASE, fate: "alive" })],
    ["that has expired, of an owner elsewhere", other({ ageMs: LEASE })],
  ])("at once from a lease %s", (_, found) => {
    expect(claimant().finds(found)).toEqual(["claim 8 of epoch 5"]);
  });

  test("with an epoch after that of the log, if the lease has a lower one", () => {
    expect(claimant(9).finds(other({ fate: "dead" }))).toEqual(["claim 8 of epoch 10"]);
  });

  test("again by whoever was slower, who looks at the winner", () => {
    const { finds, written } = claimant();
    finds(other({ fate: "dead" }));
    expect(written(0, false)).toEqual(["look"]);
    expect(finds(other({ number: 8, fate: "alive" }), 10)).toEqual([`refused ${LEASE}`]);
  });
});

describe("a lease of an owner that may live", () => {
  test("is refused at once if that runs on this machine and renews it", () => {
    expect(claimant().finds(other({ fate: "alive", ageMs: 3_000 }))).toEqual(["refused 6000"]);
  });

  test("is waited for if that runs elsewhere, until it expires", () => {
    const { finds, after } = claimant();
    expect(finds(other({ ageMs: 1_000 }), 0)).toEqual(["waiting 8000", "wakeAt 3000"]);
    expect(after({ type: "tick", at: 3_000 })).toEqual(["look"]);
    expect(finds(other({ ageMs: 4_000 }), 3_000)).toEqual(["wakeAt 6000"]); // told once
    after({ type: "tick", at: 6_000 });
    expect(finds(other({ ageMs: 7_000 }), 6_000)).toEqual(["wakeAt 8000"]);
    after({ type: "tick", at: 8_000 });
    expect(finds(other({ ageMs: 9_000 }), 8_000)).toEqual(["claim 8 of epoch 5"]);
  });

  test("is waited for if that runs here and is late, as a paused one is", () => {
    const { finds } = claimant();
    expect(finds(other({ fate: "alive", ageMs: 5_000 }))).toEqual(["waiting 4000", "wakeAt 3000"]);
  });

  test("is refused as soon as it is renewed while it is waited for", () => {
    const { finds, after } = claimant();
    finds(other({ ageMs: 8_000 }), 0);
    after({ type: "tick", at: 1_000 });
    expect(finds(other({ number: 8, ageMs: 100 }), 1_000)).toEqual(["refused 8900"]);
  });

  test("expires by the claimant's own clock if the storage's stands still", () => {
    const { finds, after } = claimant();
    finds(other(), 0);
    after({ type: "tick", at: 3_000 });
    finds(other(), 3_000);
    after({ type: "tick", at: 9_000 });
    expect(finds(other(), 9_000)).toEqual(["claim 8 of epoch 5"]);
  });

  test("is that of a record which cannot be read, for as long as this one's own would last", () => {
    const { finds, after } = claimant();
    expect(finds(other({ record: undefined }), 0)).toEqual([`waiting ${LEASE}`, "wakeAt 3000"]);
    after({ type: "tick", at: 3_000 });
    expect(finds(other({ record: undefined, ageMs: LEASE }), 3_000)).toEqual(["claim 8 of epoch 1"]);
  });

  test("is given up after claims that others won one after the other", () => {
    const { finds, written } = claimant();
    for (let number = 1; number <= 8; number++) {
      expect(finds(other({ number, fate: "dead" }))).toEqual([`claim ${number + 1} of epoch 5`]);
      written(0, false);
    }
    expect(finds(other({ number: 9 }))).toEqual([`refused ${LEASE}`]);
  });
});

describe("an owner", () => {
  test("renews its lease after a third, and is sure of it for nine tenths", () => {
    const { after, written, sure } = owner();
    expect([sure(0), sure(8_099), sure(8_100)]).toEqual([true, true, false]);
    expect(after({ type: "tick", at: 2_999 })).toEqual(["wakeAt 3000"]);
    expect(after({ type: "tick", at: 3_000 })).toEqual(["renew 2 of epoch 1"]);
    expect(after({ type: "tick", at: 3_001 })).toEqual([]); // under way
    expect(written(3_000)).toEqual(["wakeAt 6000"]);
    expect(sure(11_099)).toBe(true);
  });

  test("tries again soon if the storage fails", () => {
    const { after, sure } = owner();
    after({ type: "tick", at: 3_000 });
    expect(after({ type: "failed", at: 3_500 })).toEqual(["wakeAt 4400"]);
    expect(sure(3_600)).toBe(true);
    expect(after({ type: "tick", at: 4_400 })).toEqual(["renew 2 of epoch 1"]);
  });

  test("that was paused past its lease renews it before anything else, and goes on if nobody has followed", () => {
    const { after, written, sure } = owner();
    expect(sure(60_000)).toBe(false);
    expect(after({ type: "doubted" })).toEqual(["renew 2 of epoch 1"]);
    expect(written(60_000)).toEqual(["wakeAt 63000"]);
    expect(sure(60_001)).toBe(true);
  });

  test("whose record was begun before the pause is not sure when it is written", () => {
    const { after, written, sure } = owner();
    after({ type: "tick", at: 3_000 });
    written(3_000); // at 60 s
    expect(sure(60_000)).toBe(false);
  });

  test("whom another one has followed is lost, and never sure again", () => {
    const { after, written, sure } = owner();
    after({ type: "doubted" });
    expect(written(60_000, false)).toEqual(["lost"]);
    expect([sure(0), sure(60_000)]).toEqual([false, false]);
    expect(after({ type: "doubted" }, { type: "tick", at: 61_000 }, { type: "release" })).toEqual([]);
  });

  test("that finds its own record under the next number takes the one after that", () => {
    const { after, written, sure } = owner();
    after({ type: "tick", at: 3_000 }, { type: "failed", at: 3_100 }, { type: "tick", at: 4_000 });
    expect(after({ type: "ownFound", number: 2 })).toEqual(["renew 3 of epoch 1"]);
    expect(written(4_100)).toEqual(["wakeAt 7100"]);
    expect(sure(12_000)).toBe(true);
  });

  test("releases its lease", () => {
    const { after, sure } = owner();
    expect(after({ type: "release" })).toEqual(["release 2 of epoch 1"]);
    expect(sure(1)).toBe(false);
  });
});

/** Owners and claimants on one directory, each with a clock of its own that may stand still or be far off, and a storage that may fail. */
function simulate(seed: number): { readonly owners: number; readonly pauses: number } {
  const rng = new SeededRng(seed);
  const directory = { number: 0, record: undefined as LeaseRecord | undefined, writtenAt: 0 };
  let owners = 0;
  let pauses = 0;
  const parties = Array.from({ length: 3 }, (_, pid) => {
    const offset = rng.int(1_000_000);
    const state = lease({ lease: millis(LEASE), epochAfter: 0 });
    return {
      pid,
      offset,
      state,
      queue: [] as { readonly at: number; readonly run: () => void }[],
      wake: Infinity,
      pausedUntil: 0,
    };
  });
  let now = 0;
  type Party = (typeof parties)[number];
  const dispatch = (party: Party, event: LeaseEvent): void => {
    for (const effect of stepLease(party.state, event)) perform(party, effect);
  };
  const later = (party: Party, run: () => void): void => {
    party.queue.push({ at: now + rng.int(400), run });
  };
  const write = (party: Party, number: number, epoch: number, released: boolean): boolean => {
    if (directory.number >= number) return false;
    const process = { host: "h", machine: String(party.pid), pid: party.pid, start: "" };
    const owner = { what: "", process, token: String(party.pid) };
    Object.assign(directory, { number, record: record({ epoch, owner, released }), writtenAt: now });
    return true;
  };
  const perform = (party: Party, effect: LeaseEffect): void => {
    const begun = now + party.offset;
    switch (effect.type) {
      case "look":
        return later(party, () => {
          const { number, record: found, writtenAt } = directory;
          const seen = { number, record: found, ageMs: now - writtenAt, fate: "unknown" } as const;
          dispatch(party, { type: "found", at: now + party.offset, lease: number === 0 ? undefined : seen });
        });
      case "claim":
      case "renew":
        return later(party, () => {
          if (effect.type === "renew" && rng.int(5) === 0)
            return dispatch(party, { type: "failed", at: now + party.offset });
          const won = write(party, effect.number, effect.epoch, false);
          if (won && effect.type === "claim") owners += 1;
          later(party, () => dispatch(party, { type: "written", begun, won }));
        });
      case "release":
        return void write(party, effect.number, effect.epoch, true);
      case "wakeAt":
        party.wake = effect.at - party.offset;
        return;
      default:
        return;
    }
  };
  for (const party of parties) dispatch(party, { type: "started" });
  for (let step = 0; step < 4_000; step++) {
    now += rng.int(200);
    for (const party of parties) {
      if (now < party.pausedUntil) continue;
      if (rng.int(150) === 0) {
        party.pausedUntil = now + rng.int(4 * LEASE);
        pauses += 1;
        continue;
      }
      const due = party.queue.filter(({ at }) => at <= now);
      party.queue = party.queue.filter(({ at }) => at > now);
      for (const { run } of due) run();
      if (party.wake <= now) {
        party.wake = Infinity;
        dispatch(party, { type: "tick", at: now + party.offset });
      }
      // It goes on trying, as whoever starts it does.
      if (party.state.phase.name === "refused" || party.state.phase.name === "lost") {
        party.state = lease({ lease: millis(LEASE), epochAfter: 0 });
        dispatch(party, { type: "started" });
      }
    }
    const sure = parties.filter(({ state, offset }) => isSure(state, now + offset));
    const right = sure.length < 2 && sure.every(({ pid }) => directory.record?.owner.token === String(pid));
    if (!right) throw new Error(`seed ${seed}, at ${now}: ${sure.map(({ pid }) => pid).join(" and ")} are sure`);
  }
  return { owners, pauses };
}

test("of any number that want it, at most one is ever sure of the lease, whoever is paused", () => {
  for (let seed = 0; seed < 30; seed++) {
    const { owners, pauses } = simulate(seed);
    expect([owners > 2, pauses > 10], `seed ${seed}`).toEqual([true, true]);
  }
});
