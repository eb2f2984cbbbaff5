/** A token that is not signed, as the broker of tests takes it. @param now In epoch ms. It is valid for an hour. */
export function unsignedToken(subject: string, now: number): string {
  const part = (data: object): string => Buffer.from(JSON.stringify(data)).toString("base64url");
  const iat = Math.floor(now / 1000);
  return `${part({ alg: "none" })}.${part({ sub: subject, iat, exp: iat + 3_600 })}.`;
}
