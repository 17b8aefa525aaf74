// Amounts, dates and the CRM's codes as people read them.

const LOCALE = "en-US";
const DAY = { year: "numeric", month: "short", day: "numeric" };
const MOMENT = { ...DAY, hour: "numeric", minute: "2-digit" };
const MINUTE_MS = 60_000;

export function money(amount, { short = false } = {}) {
  if (!amount) return "–";
  const style = { style: "currency", currency: amount.currency };
  const digits = new Intl.NumberFormat(LOCALE, style).resolvedOptions().maximumFractionDigits;
  const value = amount.minor / 10 ** digits;
  if (short) return new Intl.NumberFormat(LOCALE, { ...style, notation: "compact", maximumFractionDigits: 1 }).format(value);
  return new Intl.NumberFormat(LOCALE, { ...style, minimumFractionDigits: value % 1 ? digits : 0 }).format(value);
}

export function day(text) {
  if (!text) return "–";
  const [year, month, date] = text.slice(0, 10).split("-").map(Number);
  return new Date(year, month - 1, date).toLocaleDateString(LOCALE, DAY);
}

export function moment(text) {
  return text ? new Date(text).toLocaleString(LOCALE, MOMENT) : "–";
}

export function ago(text, now = Date.now()) {
  const minutes = Math.round((now - new Date(text).getTime()) / MINUTE_MS);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return moment(text);
}

const SPELLED = {
  mid_level: "Mid-level", in_kind: "In-kind", daf: "Donor-advised fund", opted_in: "Opted in", opted_out: "Opted out", soft_opt_in: "Soft opt-in",
  email: "E-mail", sms: "Text message", email_open: "E-mail opened", eu_only: "EU only", not_needed: "Not needed", written_off: "Written off",
  "crm-page": "somebody in the simulated CRM", pledge_payment: "Pledge payment", recurring_payment: "Recurring payment",
};

export function word(code) {
  if (code === null || code === undefined || code === "") return "–";
  const text = String(code);
  if (SPELLED[text]) return SPELLED[text];
  const spaced = text.replaceAll("_", " ").replaceAll(".", " ");
  return spaced[0].toUpperCase() + spaced.slice(1);
}

export function value(of, names = {}) {
  if (of === null || of === undefined || of === "") return "empty";
  if (of === true) return "yes";
  if (of === false) return "no";
  if (Array.isArray(of)) return of.length ? of.map((one) => value(one, names)).join(", ") : "empty";
  if (typeof of === "object") return "minor" in of && "currency" in of ? money(of) : Object.entries(of).map(([k, v]) => `${word(k).toLowerCase()}: ${value(v, names)}`).join(", ");
  return names[of] ?? SPELLED[of] ?? String(of).replaceAll("_", " ");
}

export const EVENTS = {
  "donor.updated": "Donor updated", "donation.received": "Gift received", "email.opened": "E-mail opened", "meeting.completed": "Meeting completed",
  "pledge.renewed": "Pledge renewed", "campaign.status_changed": "Campaign status changed", "reply.received": "Reply received", "note.added": "Note added",
};

export function delivery(state) {
  const last = state?.last_answer ? ` (last answer: ${state.last_answer})` : "";
  switch (state?.status) {
    case "delivered": return { tone: "good", text: "The bot has it" };
    case "dropped": return { tone: "warn", text: "Not sent: the bot finds it when it asks for events" };
    case "failed": return { tone: "bad", text: `Given up after ${state.attempts} attempts${last}` };
    case undefined: return { tone: "idle", text: "Not sent to anybody" };
    default: return { tone: state.attempts ? "warn" : "idle", text: state.attempts ? `Waiting to try again after attempt ${state.attempts}${last}` : "On its way to the bot" };
  }
}
