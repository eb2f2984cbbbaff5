import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { type Location, locations, patiently } from "millrace";
import { HdfsRefusal, hdfsError, isForNow } from "./errors.ts";
import type { HdfsSettings } from "./options.ts";

export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** An operation of WebHDFS on a path. */
export interface Operation {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly op: string;
  readonly path: Location;
  readonly parameters?: Parameters;
}

const HTTP_PORT = 9870;
/** An answer of a name node is some kilobytes, and a page of a listing some hundred. */
const ANSWER_BYTES_MAX = 64 << 20;

/** Requests of a thread to the name nodes and data nodes of HDFS, over HTTP. */
export class WebHdfs {
  readonly settings: HdfsSettings;
  /** Of requests to name nodes. */
  readonly #agents: { readonly http: http.Agent; readonly https: https.Agent };
  /** The address that answered last, by root. Bound: the clusters that a job uses. */
  readonly #active = new Map<string, number>();
  #token: Promise<string> | undefined;

  constructor(settings: HdfsSettings) {
    this.settings = settings;
    this.#agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
  }

  /**
   * Does something, again as long as nobody answers.
   *
   * @param what As in "read", "list". @param deed Must be repeatable.
   */
  patiently<T>(what: string, path: Location, deed: () => Promise<T>): Promise<T> {
    const at = { place: locations.rootOf(path), patienceMs: this.settings.patienceMs };
    return patiently(at, () => this.once(what, path, deed));
  }

  /** Does something that cannot be repeated. */
  async once<T>(what: string, path: Location, deed: () => Promise<T>): Promise<T> {
    try {
      return await deed();
    } catch (error) {
      throw hdfsError(what, path, error);
    }
  }

  /** Asks a name node: the active one of several. @throws {HdfsRefusal} */
  async ask(operation: Operation): Promise<unknown> {
    const root = locations.rootOf(operation.path);
    const addresses = this.#addressesOf(root);
    const first = this.#active.get(root) ?? 0;
    for (let tries = 0; ; tries++) {
      const at = (first + tries) % addresses.length;
      try {
        const answer = await this.#askAt(addresses[at] ?? "", operation);
        this.#active.set(root, at);
        return answer;
      } catch (error) {
        if (tries + 1 >= addresses.length || !isForNow(error)) throw error;
      }
    }
  }

  /** The address of a data node that serves the operation. @throws {HdfsRefusal} */
  async place(operation: Operation): Promise<URL> {
    const parameters = { ...operation.parameters, noredirect: true };
    const answer = await this.ask({ ...operation, parameters });
    return new URL(textIn(answer, "Location"));
  }

  /** Reads from a data node: the bytes, as they come. @throws {HdfsRefusal} */
  async download(operation: Operation): Promise<http.IncomingMessage> {
    const url = await this.place(operation);
    const answer = await answerTo(this.#request(url, { method: "GET" }).end());
    if (answer.statusCode === 200) return answer;
    throw await refusalIn(answer);
  }

  /** Begins a request to a data node that takes content. */
  upload(url: URL, method: "PUT" | "POST"): http.ClientRequest {
    const headers = { "content-type": "application/octet-stream", "transfer-encoding": "chunked" };
    return this.#request(url, { method, headers });
  }

  async #askAt(address: string, { method, op, path, parameters }: Operation): Promise<unknown> {
    const root = locations.rootOf(path);
    const names = path.slice(root.length).split("/").map(encodeURIComponent).join("/");
    const query = Object.entries({ op, ...parameters, ...(await this.#identity()) });
    const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    const url = new URL(`${address.replace(/\/$/, "")}/webhdfs/v1${names === "" ? "/" : names}?${text}`);
    const agent = url.protocol === "https:" ? this.#agents.https : this.#agents.http;
    const answer = await this.#answerOf(url, { method, agent });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return jsonOf(await bodyOf(answer));
    const refusal = await refusalIn(answer);
    if (refusal.exception === "InvalidToken") this.#token = undefined; // there may be another one in the file
    throw refusal;
  }

  /** A name node closes connections that were idle, perhaps just when one is used again. */
  async #answerOf(url: URL, options: http.RequestOptions): Promise<http.IncomingMessage> {
    const first = this.#request(url, options).end();
    try {
      return await answerTo(first);
    } catch (error) {
      if (!first.reusedSocket) throw error;
      return answerTo(this.#request(url, { ...options, agent: false }).end());
    }
  }

  async #identity(): Promise<Parameters> {
    const { tokenFile, user } = this.settings;
    if (tokenFile === undefined) return { "user.name": user };
    this.#token ??= readFile(tokenFile, "utf8").then(
      (text) => text.trim(),
      (error: unknown) => {
        this.#token = undefined;
        const why: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
        throw new HdfsRefusal(401, "InvalidToken", `the file of the delegation token cannot be read (${String(why)})`);
      },
    );
    return { delegation: await this.#token };
  }

  #addressesOf(root: Location): readonly string[] {
    const [scheme = "", authority = ""] = root.split("://");
    if (scheme === "webhdfs") return [`http://${authority}`];
    return this.settings.nameNodes.get(authority) ?? [`http://${authority.replace(/:\d+$/, "")}:${HTTP_PORT}`];
  }

  #request(url: URL, options: http.RequestOptions): http.ClientRequest {
    const { request } = url.protocol === "https:" ? https : http;
    const outgoing = request(url, { agent: false, ...options });
    outgoing.setTimeout(this.settings.requestTimeoutMs, () =>
      outgoing.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })),
    );
    return outgoing;
  }
}

/** @throws What has ended the request. */
export function answerTo(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
}

/** What an answer with an error says. */
export async function refusalIn(answer: http.IncomingMessage): Promise<HdfsRefusal> {
  const text = (await bodyOf(answer)).toString();
  const status = answer.statusCode ?? 0;
  try {
    const remote: unknown = fieldIn(JSON.parse(text), "RemoteException");
    const [first = ""] = textIn(remote, "message").split("\n");
    return new HdfsRefusal(status, textIn(remote, "exception").split("$").at(-1) ?? "", first.replace(/\.$/, ""));
  } catch {
    return new HdfsRefusal(status, "", `an answer that is not one of WebHDFS (status ${status})`);
  }
}

async function bodyOf(answer: http.IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new HdfsRefusal(answer.statusCode ?? 0, "", "an answer of more than 64 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonOf(body: Buffer): unknown {
  return body.length === 0 ? undefined : JSON.parse(body.toString());
}

/** A field of an answer; `undefined` if there is none. */
export function fieldIn(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

export function textIn(value: unknown, name: string): string {
  const field = fieldIn(value, name);
  if (typeof field === "string") return field;
  throw new HdfsRefusal(200, "", `an answer without "${name}"`);
}

export function numberIn(value: unknown, name: string): number {
  const field = fieldIn(value, name);
  if (typeof field === "number") return field;
  throw new HdfsRefusal(200, "", `an answer without "${name}"`);
}
