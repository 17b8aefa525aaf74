// What the page knows. The server is the truth: nothing here is guessed ahead of it.

export class Store extends EventTarget {
  constructor(boot) {
    super();
    this.team = boot.team;
    this.me = boot.me;
    this.bot = boot.bot;
    this.people = boot.people ?? [];
    this.commands = boot.commands ?? [];
    this.shortcuts = boot.shortcuts ?? [];
    this.faults = boot.faults ?? {};
    this.channels = new Map(boot.channels.map((c) => [c.id, c]));
    this.users = new Map([...this.people, boot.bot, boot.me].filter(Boolean).map((u) => [u.id, u]));
    this.logs = new Map();
    this.threads = new Map();
    this.statuses = new Map();
    this.prompts = new Map(boot.prompts ? [[boot.prompts.channel, boot.prompts]] : []);
    this.home = null;
    this.connection = "connecting";
    this.current = null;
    this.openThread = null;
    this.refreshing = 0;
    this.unreadNews = new Map();
  }

  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  // Counts that arrive while the workspace is on its way are newer than it: they stay as they arrived.
  async refreshFrom(fetching) {
    this.refreshing += 1;
    try {
      this.#refresh(await fetching);
    } finally {
      this.refreshing -= 1;
      if (!this.refreshing) this.unreadNews.clear();
    }
  }

  #refresh(boot) {
    for (const channel of boot.channels) this.channels.set(channel.id, { ...this.channels.get(channel.id), ...channel });
    for (const [channel, unread] of this.unreadNews) if (this.channels.has(channel)) this.channels.get(channel).unread = unread;
    for (const user of boot.people ?? []) this.users.set(user.id, user);
    this.faults = boot.faults ?? this.faults;
    this.commands = boot.commands ?? this.commands;
    this.shortcuts = boot.shortcuts ?? this.shortcuts;
    this.emit("channels");
    this.emit("faults");
  }

  log(channel) {
    if (!this.logs.has(channel)) this.logs.set(channel, { messages: new Map(), hasMore: false, loaded: false, fetching: 0, news: new Map() });
    return this.logs.get(channel);
  }

  // What arrives while a page is on its way is newer than the page: it stays as it arrived.
  async fillLog(channel, fetching, { older = false } = {}) {
    const log = this.log(channel);
    log.fetching += 1;
    try {
      this.#fill(channel, log, await fetching, older);
    } finally {
      log.fetching -= 1;
      if (!log.fetching) log.news.clear();
    }
  }

  #fill(channel, log, { messages, has_more: hasMore }, older) {
    if (!older) this.#dropStale(log, messages, hasMore);
    for (const message of messages) log.messages.set(message.ts, message);
    for (const [ts, message] of log.news) {
      if (message) log.messages.set(ts, message);
      else log.messages.delete(ts);
    }
    log.hasMore = Boolean(hasMore);
    log.loaded = true;
    this.emit("log", { channel, older });
  }

  // After a gap: what the server no longer lists within the fetched span was deleted. Ephemeral messages are never listed.
  // A page that no longer touches what is known would leave a hole, so then only the page is kept.
  #dropStale(log, messages, hasMore) {
    const listed = new Set(messages.map((m) => m.ts));
    const oldest = messages.length ? messages.map((m) => m.ts).sort()[0] : "0";
    const known = [...log.messages.keys()].sort().at(-1);
    if (hasMore && known !== undefined && known < oldest) log.messages.clear();
    for (const [ts, message] of log.messages) {
      if (ts >= oldest && !listed.has(ts) && !message.is_ephemeral) log.messages.delete(ts);
    }
  }

  fillThread(channel, threadTs, messages) {
    const key = `${channel}/${threadTs}`;
    const kept = [...(this.threads.get(key)?.values() ?? [])].filter((m) => m.is_ephemeral);
    this.threads.set(key, new Map([...messages, ...kept].map((m) => [m.ts, m])));
    const parent = messages.find((m) => m.ts === threadTs);
    const log = this.log(channel);
    if (parent && log.messages.has(threadTs)) {
      log.messages.set(threadTs, parent);
      this.emit("log", { channel });
    }
    this.emit("thread", { channel, threadTs });
  }

  thread(channel, threadTs) {
    return this.threads.get(`${channel}/${threadTs}`);
  }

  static isReply(message) {
    return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
  }

  put(channel, message) {
    if (Store.isReply(message)) {
      this.thread(channel, message.thread_ts)?.set(message.ts, message);
      this.emit("thread", { channel, threadTs: message.thread_ts });
      return;
    }
    const log = this.log(channel);
    if (log.loaded) log.messages.set(message.ts, message);
    if (log.fetching) log.news.set(message.ts, message);
    this.thread(channel, message.ts)?.set(message.ts, message);
    this.emit("log", { channel });
    this.emit("thread", { channel, threadTs: message.ts });
  }

  remove(channel, ts) {
    const log = this.log(channel);
    log.messages.delete(ts);
    if (log.fetching) log.news.set(ts, null);
    for (const [key, messages] of this.threads) {
      if (key.startsWith(`${channel}/`) && messages.delete(ts)) this.emit("thread", { channel, threadTs: key.split("/")[1] });
    }
    this.emit("log", { channel });
  }

  setUnread(channel, unread) {
    if (this.refreshing) this.unreadNews.set(channel, unread);
    const known = this.channels.get(channel);
    if (!known || known.unread === unread) return;
    known.unread = unread;
    this.emit("channels");
  }

  setStatus({ channel, thread_ts: threadTs, status, loading_messages: loading }) {
    const key = `${channel}/${threadTs ?? ""}`;
    if (status) this.statuses.set(key, { channel, threadTs, status, loading: loading ?? [] });
    else this.statuses.delete(key);
    this.emit("status", { channel, threadTs });
  }
}
