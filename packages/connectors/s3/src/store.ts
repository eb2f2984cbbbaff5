import { Readable } from "node:stream";
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { type Location, locations, patiently } from "millrace";
import { s3Error } from "./errors.ts";
import type { S3Settings } from "./options.ts";

/** The SDK, which is loaded when a location of the scheme is first used. */
export type Sdk = typeof import("@aws-sdk/client-s3");

/** Attempts of the SDK itself, with the pauses that the service asks for; after them, the call is repeated with patience. */
const ATTEMPTS = 3;

/** The requests of a thread to a store. */
export class S3Store {
  readonly settings: S3Settings;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;

  constructor(settings: S3Settings) {
    this.settings = settings;
  }

  /**
   * Makes requests, again as long as the store does not answer.
   *
   * @param what As in "read". @param send Must be repeatable.
   */
  call<T>(what: string, place: Location, send: (client: S3Client, sdk: Sdk) => Promise<T>): Promise<T> {
    const at = { place: locations.rootOf(place), patienceMs: this.settings.patienceMs };
    return patiently(at, () => this.once(what, place, send));
  }

  /** Makes requests, with no patience but the SDK's. */
  async once<T>(what: string, place: Location, send: (client: S3Client, sdk: Sdk) => Promise<T>): Promise<T> {
    try {
      this.#opened ??= this.#open();
      const { sdk, client } = await this.#opened;
      return await send(client, sdk);
    } catch (error) {
      throw s3Error(what, place, error);
    }
  }

  async #open() {
    const sdk = await import("@aws-sdk/client-s3");
    const { endpoint, region, profile, forcePathStyle, requestTimeoutMs } = this.settings;
    const config: S3ClientConfig = {
      forcePathStyle,
      maxAttempts: ATTEMPTS,
      // The connection, the time until an answer begins, and silence within it.
      requestHandler: {
        connectionTimeout: 10_000,
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
        socketTimeout: requestTimeoutMs,
      },
      // Compatible stores do not know checksums that the service does not require.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
    };
    return { sdk, client: new sdk.S3Client(config) };
  }
}

/** `{ Bucket, Key }` of a location; the key of a bucket itself is "". */
export function objectOf(location: Location): { readonly Bucket: string; readonly Key: string } {
  const root = locations.rootOf(location);
  return { Bucket: root.slice(root.indexOf("://") + 3), Key: location.slice(root.length + 1) };
}

/** The prefix of the keys in a directory. */
export function prefixOf(directory: Location): string {
  const { Key } = objectOf(directory);
  return Key === "" ? "" : `${Key}/`;
}

/** The bytes of an answer, as they come. */
export function bodyOf({ Body }: GetObjectCommandOutput): {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly stop: () => void;
} {
  if (!(Body instanceof Readable)) throw new TypeError("an answer without a body");
  return { chunks: Body[Symbol.asyncIterator](), stop: () => void Body.destroy() };
}

/** The entity tag, without its quotes: AWS sends it with them, others without. */
export function tagOf(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
