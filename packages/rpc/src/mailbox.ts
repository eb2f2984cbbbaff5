/**
 * The receiving half of a session: queues messages that arrive before there is a handler, delivers in order, and
 * reports the end once, after the last message.
 */
export class Mailbox<In> {
  #waiting: In[] = [];
  #handler: ((message: In) => void) | undefined;
  #closeHandler: ((error: Error | undefined) => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  #told = false;

  get closed(): boolean {
    return this.#end !== undefined;
  }

  deliver(message: In): void {
    if (this.#end !== undefined) return;
    if (this.#handler === undefined) this.#waiting.push(message);
    else this.#handler(message);
  }

  end(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#tellEnd();
  }

  onMessage(handler: (message: In) => void): void {
    this.#handler = handler;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) handler(message);
    this.#tellEnd();
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#closeHandler = handler;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#told || this.#end === undefined || this.#closeHandler === undefined || this.#waiting.length > 0) return;
    this.#told = true;
    this.#closeHandler(this.#end.error);
  }
}
