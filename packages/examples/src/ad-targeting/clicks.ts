/** Made-up tables and clicks. */
const CAMPAIGNS = ["shoes", "books", "travel"];
const SEGMENTS = ["18-29", "30-49", "50+"];
const ADS = 30;
const USERS = 300;

const ads = Array.from({ length: ADS }, (_, n) => [`ad-${n}`, CAMPAIGNS[n % CAMPAIGNS.length]] as const);
const users = Array.from({ length: USERS }, (_, n) => [`user-${n}`, SEGMENTS[n % SEGMENTS.length]] as const);

const csv = (rows: readonly (readonly [string, string | undefined])[]): string =>
  rows.map((row) => `${row.join(",")}\n`).join("");

/** The files of the tables, by name. */
export const TABLES: Readonly<Record<string, string>> = { "ads.csv": csv(ads), "users.csv": csv(users) };

/** A click by anybody on an ad. Some users are in no table: they have not signed in. */
export function nextClick(random: () => number): { readonly key: string; readonly value: string } {
  const user = `user-${Math.floor(random() * USERS * 1.1)}`;
  const ad = `ad-${Math.floor(random() ** 2 * ADS)}`;
  return { key: user, value: JSON.stringify({ user, ad }) };
}
