// The page's API below /crm/sim, and the switches of the other simulated systems where they exist.

const BASE = "/crm/sim";

export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The simulated CRM does not answer. Is the demo still running?", 0);
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(body?.detail ?? `It did not work: the answer was ${answer.status}.`, answer.status);
  return body;
}

const write = (address, body) =>
  ask(address, { method: "POST", headers: { "Content-Type": "application/json", "X-Sim": "1" }, body: JSON.stringify(body) });

export const state = () => ask(`${BASE}/state`);
export const donor = (id) => ask(`${BASE}/donors/${encodeURIComponent(id)}`);
export const happen = (wish) => write(`${BASE}/happen`, wish);

export function donors({ search = "", filter = "", cursor = "", limit = 50 }, signal) {
  const query = new URLSearchParams({ limit });
  if (search) query.set("search", search);
  if (filter) query.set("filter", filter);
  if (cursor) query.set("cursor", cursor);
  return ask(`${BASE}/donors?${query}`, { signal });
}

const SWITCHBOARDS = { crm: `${BASE}/faults`, slack: "/sim/faults", model: "/model/sim/faults" };

export async function switches(system, changes) {
  const answer = await write(SWITCHBOARDS[system], changes);
  return answer?.faults ?? answer ?? {};
}
