// Times in the reader's time zone, against the workspace's clock.

const DAY_MS = 86_400_000;
const formatters = new Map();

function formatter(tz, options) {
  const key = tz + JSON.stringify(options);
  if (!formatters.has(key)) {
    let zone = tz;
    try { new Intl.DateTimeFormat("en-US", { timeZone: tz }); } catch { zone = "UTC"; }
    formatters.set(key, new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }));
  }
  return formatters.get(key);
}

export class Calendar {
  constructor(tz, clockIso) {
    this.tz = tz || "UTC";
    const server = Date.parse(clockIso ?? "");
    this.offset = Number.isNaN(server) ? 0 : server - Date.now();
  }

  now() { return new Date(Date.now() + this.offset); }

  format(date, options) { return formatter(this.tz, options).format(date); }

  clock(date) { return this.format(date, { hour: "numeric", minute: "2-digit" }); }

  dayKey(date) { return this.format(date, { year: "numeric", month: "2-digit", day: "2-digit" }); }

  relativeDay(date) {
    const key = this.dayKey(date);
    const now = this.now().getTime();
    if (key === this.dayKey(new Date(now))) return "Today";
    if (key === this.dayKey(new Date(now - DAY_MS))) return "Yesterday";
    if (key === this.dayKey(new Date(now + DAY_MS))) return "Tomorrow";
    return null;
  }

  day(date) {
    const sameYear = this.format(date, { year: "numeric" }) === this.format(this.now(), { year: "numeric" });
    const options = { weekday: "long", month: "long", day: "numeric", ...(sameYear ? {} : { year: "numeric" }) };
    return this.relativeDay(date) ?? this.format(date, options);
  }

  full(date) {
    return this.format(date, {
      weekday: "short", month: "short", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
    });
  }

  ago(date) {
    const seconds = (this.now().getTime() - date.getTime()) / 1000;
    const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
    for (const [unit, size] of units) {
      const count = Math.floor(Math.abs(seconds) / size);
      if (count >= 1) return seconds >= 0 ? `${count} ${unit}${count > 1 ? "s" : ""} ago` : `in ${count} ${unit}${count > 1 ? "s" : ""}`;
    }
    return "just now";
  }

  // Slack's <!date^...> tokens.
  tokens(seconds, template) {
    const date = new Date(Number(seconds) * 1000);
    if (Number.isNaN(date.getTime())) return null;
    const pretty = (options) => {
      const relative = this.relativeDay(date);
      return relative ? relative.toLowerCase() : this.format(date, options);
    };
    const short = { month: "short", day: "numeric", year: "numeric" };
    const long = { weekday: "long", month: "long", day: "numeric", year: "numeric" };
    const plain = { month: "long", day: "numeric", year: "numeric" };
    const values = {
      date_num: () => date.toLocaleDateString("en-CA", { timeZone: this.tz }),
      date_slash: () => this.format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
      date: () => this.format(date, plain),
      date_short: () => this.format(date, short),
      date_long: () => this.format(date, long),
      date_long_full: () => this.format(date, plain),
      date_pretty: () => pretty(plain),
      date_short_pretty: () => pretty(short),
      date_long_pretty: () => pretty(long),
      day_divider_pretty: () => this.day(date),
      time: () => this.clock(date),
      time_secs: () => this.format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
      ago: () => this.ago(date),
    };
    return template.replace(/\{(\w+)\}/g, (whole, name) => (values[name] ? values[name]() : whole));
  }
}

export function tsDate(ts) {
  return new Date(Number(String(ts).split(".")[0]) * 1000 + Math.round(Number(`0.${String(ts).split(".")[1] ?? 0}`) * 1000));
}
