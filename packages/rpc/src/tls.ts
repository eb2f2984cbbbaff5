import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EngineError } from "@millrace/base";
import { badTls } from "./errors.ts";

/** PEM texts. A server needs `cert` and `key`; a client needs `ca` unless the system's authorities suffice. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The PEM files, each with the option that named it. */
export type TlsFiles = Readonly<Partial<Record<keyof TlsSettings, { readonly file: string; readonly option: string }>>>;

/**
 * Reads the files once, when the process starts; a renewed certificate requires a restart.
 *
 * @returns `undefined`: no file is named, so TLS is off.
 * @throws BAD_TLS A file cannot be read or is not the right PEM file; a certificate without its key; a key of another
 *   certificate.
 */
export function readTls(files: TlsFiles): TlsSettings | undefined {
  const { ca, cert, key } = files;
  const given = [ca, cert, key].find((one) => one !== undefined);
  if (given === undefined) return undefined;
  const settings: TlsSettings = {
    ...(ca === undefined ? {} : { ca: read(ca, "certificate", (pem) => new X509Certificate(pem)).pem }),
  };
  if (cert === undefined && key === undefined) return settings;
  if (cert === undefined || key === undefined) {
    const [there, absent] = cert === undefined ? ["a key", "certificate"] : ["a certificate", "key"];
    throw badTls(`TLS was given ${there} but no ${absent}. Nothing was started. Give both, or neither.`);
  }
  const certificate = read(cert, "certificate", (pem) => new X509Certificate(pem));
  const privateKey = read(key, "unencrypted private key", createPrivateKey);
  if (!certificate.parsed.checkPrivateKey(privateKey.parsed)) {
    throw badTls(
      `the key in ${key.file} does not belong to the certificate in ${cert.file}. Nothing was started. Give a certificate and its own key.`,
      { fields: { cert: cert.file, key: key.file } },
    );
  }
  return { ...settings, cert: certificate.pem, key: privateKey.pem };
}

function read<T>(
  { file, option }: { readonly file: string; readonly option: string },
  what: string,
  parse: (pem: string) => T,
): { readonly pem: string; readonly parsed: T } {
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw badTls(
      `the file ${file} of ${option} could not be read: ${reason}. Name a PEM file that this user may read.`,
      {
        fields: { path: file },
        cause,
      },
    );
  }
  try {
    return { pem, parsed: parse(pem) };
  } catch (cause) {
    throw badTls(
      `the file ${file} of ${option} has no ${what} in PEM form ("-----BEGIN …"). Nothing was started. Name a file that contains one.`,
      { fields: { path: file }, cause },
    );
  }
}

/** @throws BAD_TLS A server has no certificate and key. */
export function serverCertificate(tls: TlsSettings): { readonly cert: string; readonly key: string } {
  const { cert, key } = tls;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw badTls(
    "TLS is on, so this process needs a certificate and its key to listen. Nothing was started. " +
      "Give both as PEM files, --tls-cert and --tls-key, or turn TLS off by leaving out --tls-ca as well.",
  );
}

/** The certificate of the peer is not trusted; `why` is in the words of TLS. Nothing was sent to that peer. */
export function untrusted(address: string, why: string): EngineError {
  const remedy = /altname|does not match/i.test(why)
    ? "Dial it by a name in its certificate (--advertise for executors and jobs), or issue a certificate with this name."
    : "Name the authority that signed its certificate with --tls-ca, on every process and command.";
  return badTls(`the certificate of ${address} is not trusted: ${why}. Nothing was sent there. ${remedy}`, {
    fields: { address },
  });
}
