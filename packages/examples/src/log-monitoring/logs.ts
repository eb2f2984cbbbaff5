/** Made-up logs. */
const SERVICES = ["payments", "search", "checkout"];
const REQUESTS = 25;

/**
 * The log of some seconds: 25 requests of each service, one of which fails; of payments, every second one during an incident.
 *
 * @param at In epoch ms.
 */
export function logFile(at: number, { incident }: { readonly incident: boolean }): string {
  const time = new Date(at).toISOString();
  const lines = SERVICES.flatMap((service) =>
    Array.from({ length: REQUESTS }, (_, n) => {
      const failed = n % (incident && service === "payments" ? 2 : REQUESTS) === 0;
      return `${time} ${service} GET /${n} ${failed ? 503 : 200}\n`;
    }),
  );
  return lines.join("");
}
