import { randomUUID } from "node:crypto";
import { type Clock, deferred, type EngineError, type EpochMs, type Millis, unreachable } from "@millrace/base";
import type { FileSystem, Location } from "@millrace/files";
import type { LeaseOwner, LeaseRecord } from "@millrace/plan";
import {
  type FoundLease,
  isSure,
  type Lease,
  type LeaseEffect,
  type LeaseEvent,
  lease,
  stepLease,
} from "@millrace/scheduler";
import { LeaseFolder } from "@millrace/storage/lease";
import { Alarm } from "../alarm.ts";
import { Dispatcher } from "../dispatcher.ts";
import type { Processes } from "./processes.ts";

/** Records written one after the other, each of which took so long that the lease had nearly expired again. */
const PROOFS_MAX = 3;

export interface LeaseOptions {
  readonly files: FileSystem;
  readonly directory: Location;
  /** `job "words"`. */
  readonly what: string;
  /** The time for which each record holds. */
  readonly lease: Millis;
  /** The epoch of this owner will be higher. */
  readonly epochAfter: number;
  readonly clock: Clock;
  readonly processes: Processes;
}

export interface LeaseHandlers {
  /** The owner does not renew its lease: it is waited for, `leftMs` at most. */
  onWaiting(owner: LeaseRecord | undefined, leftMs: number): void;
  /** The wait is over, with the lease or without. */
  onWaitOver(): void;
  /** @returns The error for whoever started this process. */
  refused(owner: LeaseRecord | undefined, leftMs: number): EngineError;
  /** @returns The error that ends what the directory was owned for. */
  lost(owner: LeaseRecord | undefined): EngineError;
  /** The lease is lost, with that error. */
  onLost(error: EngineError): void;
}

/** The ownership of a directory, renewed until it is released. */
export class HeldLease {
  readonly #options: LeaseOptions;
  readonly #handlers: LeaseHandlers;
  readonly #owner: LeaseOwner;
  readonly #folder: LeaseFolder;
  readonly #state: Lease;
  readonly #machine: Dispatcher<LeaseEvent, LeaseEffect>;
  readonly #clock: ElapsedClock;
  readonly #alarm: Alarm;
  readonly #acquired = deferred<void>();
  #since: EpochMs;
  #epoch = 0;
  #waits = false;
  /** Settles with the record that is being written. Never rejects. */
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #lost: EngineError | undefined;

  /**
   * Becomes the owner, at once or when the lease of an owner that is gone has expired.
   *
   * @throws What `refused` returns, and the errors of the file system.
   */
  static async acquire(options: LeaseOptions, handlers: LeaseHandlers): Promise<HeldLease> {
    const held = new HeldLease(options, handlers);
    held.#machine.dispatch({ type: "started" });
    try {
      await held.#acquired.promise;
    } finally {
      if (held.#waits) handlers.onWaitOver();
    }
    return held;
  }

  private constructor(options: LeaseOptions, handlers: LeaseHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#owner = { what: options.what, process: options.processes.self, token: randomUUID() };
    this.#folder = new LeaseFolder({ ...options, token: this.#owner.token });
    this.#clock = new ElapsedClock(options.clock);
    this.#since = options.clock.now();
    this.#state = lease(options);
    this.#machine = new Dispatcher(
      (event) => stepLease(this.#state, event),
      (effect) => this.#perform(effect),
    );
    this.#alarm = new Alarm(this.#clock, (at) => this.#machine.dispatch({ type: "tick", at }));
  }

  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Resolves if nobody else owns the directory, or can own it before this process goes on. Costs two readings of clocks, unless
   * the process was paused or the storage did not let the lease be renewed.
   *
   * @throws What `lost` returns, and the errors of the file system.
   */
  async prove(): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (this.#lost !== undefined) throw this.#lost;
      if (isSure(this.#state, this.#clock.monotonicMs())) return;
      if (tries > 0 && this.#failure !== undefined) throw this.#failure;
      if (tries >= PROOFS_MAX) throw this.#handlers.lost(undefined);
      this.#failure = undefined;
      this.#machine.dispatch({ type: "doubted" });
      await this.#writing; // perhaps a record that was begun before the pause: then another one follows
    }
  }

  /** Leaves the directory to whoever wants it. Never rejects: the lease expires anyway. */
  async release(): Promise<void> {
    this.#alarm.cancel();
    await this.#writing;
    this.#machine.dispatch({ type: "release" });
    this.#alarm.cancel();
    await this.#writing;
  }

  #perform(effect: LeaseEffect): void {
    switch (effect.type) {
      case "look":
        return void this.#look().catch((error: unknown) => this.#acquired.reject(error));
      case "claim":
        this.#writing = this.#claim(effect);
        return;
      case "renew":
        this.#writing = this.#renew(effect);
        return;
      case "release":
        this.#writing = this.#write(effect, true).then(
          () => undefined,
          () => undefined,
        );
        return;
      case "wakeAt":
        return this.#alarm.set(effect.at);
      case "waiting":
        this.#waits = true;
        return this.#handlers.onWaiting(effect.lease.record, effect.leftMs);
      case "held":
        this.#epoch = effect.epoch;
        return this.#acquired.resolve();
      case "refused":
        return this.#acquired.reject(this.#handlers.refused(effect.lease.record, effect.leftMs));
      case "lost":
        return this.#alarm.cancel(); // `#renew` has found out to whom
      default:
        return unreachable(effect);
    }
  }

  async #look(): Promise<void> {
    const found = await this.#folder.look();
    let seen: FoundLease | undefined;
    if (found !== undefined) {
      const { number, record } = found;
      const fate = record === undefined ? "unknown" : this.#options.processes.fateOf(record.owner.process);
      const free = fate === "dead" || record?.released === true;
      seen = { number, record, fate, ageMs: free ? 0 : await this.#folder.ageMs(number) };
    }
    this.#machine.dispatch({ type: "found", at: this.#clock.monotonicMs(), lease: seen });
  }

  async #claim(effect: Extract<LeaseEffect, { readonly type: "claim" }>): Promise<void> {
    const begun = this.#clock.monotonicMs();
    try {
      const won = await this.#write(effect, false);
      this.#machine.dispatch({ type: "written", begun, won });
    } catch (error) {
      this.#acquired.reject(error);
    }
  }

  async #renew(effect: Extract<LeaseEffect, { readonly type: "renew" }>): Promise<void> {
    const begun = this.#clock.monotonicMs();
    try {
      if (await this.#write(effect, false)) return this.#machine.dispatch({ type: "written", begun, won: true });
      const found = await this.#folder.look();
      if (found?.record?.owner.token === this.#owner.token) {
        this.#machine.dispatch({ type: "ownFound", number: found.number });
        return await this.#writing; // the record after that one
      }
      this.#lost = this.#handlers.lost(found?.record);
      this.#machine.dispatch({ type: "written", begun, won: false });
      this.#handlers.onLost(this.#lost);
    } catch (error) {
      this.#failure = error; // for `prove`; otherwise it is tried again in time
      this.#machine.dispatch({ type: "failed", at: this.#clock.monotonicMs() });
    }
  }

  #write({ number, epoch }: { readonly number: number; readonly epoch: number }, released: boolean): Promise<boolean> {
    const renewed = this.#options.clock.now();
    if (this.#epoch === 0) this.#since = renewed;
    const record = { epoch, owner: this.#owner, since: this.#since, renewed, leaseMs: this.#options.lease, released };
    return this.#folder.write(number, record);
  }
}

/** The monotonic clock of some systems stands still while the machine sleeps; the other one is right when it wakes up. */
class ElapsedClock implements Clock {
  readonly #clock: Clock;
  #monotonicMs: number;
  #wall: number;
  #at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#monotonicMs = clock.monotonicMs();
    this.#wall = clock.now();
  }

  now(): EpochMs {
    return this.#clock.now();
  }

  /** A step of the wall clock forward counts, too: then the lease is renewed for nothing. */
  monotonicMs(): number {
    const [monotonicMs, wall] = [this.#clock.monotonicMs(), this.#clock.now()];
    this.#at += Math.max(monotonicMs - this.#monotonicMs, wall - this.#wall);
    this.#monotonicMs = monotonicMs;
    this.#wall = wall;
    return this.#at;
  }

  after(delay: Millis, fire: () => void): ReturnType<Clock["after"]> {
    return this.#clock.after(delay, fire);
  }
}
