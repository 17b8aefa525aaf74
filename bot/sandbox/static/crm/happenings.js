// What can be made to happen: its words, the fields it asks for, and what to watch afterwards.

export const HAPPENINGS = [
  { what: "gift", label: "Gift", button: "Record the gift", fields: ["amount", "campaign"], watch: "The owner’s channel gets a card that proposes how to thank the donor." },
  { what: "reply", label: "Reply", button: "Send the reply", fields: ["text"], hint: "What the donor writes", watch: "The card quotes what the donor said; instructions hidden in it are not obeyed." },
  { what: "meeting", label: "Meeting held", button: "Complete the meeting", fields: ["text"], hint: "What was noted down", watch: "A follow-up is proposed to the owner, with the meeting as its source." },
  { what: "pledge", label: "Pledge renewed", button: "Renew the pledge", fields: ["amount"], watch: "The new pledge and its instalments appear here; the card names them." },
  { what: "opt_out", label: "Opt-out", button: "Opt out of e-mail", fields: [], watch: "Proposals to e-mail this donor are refused from now on, also those already approved and not yet carried out." },
  { what: "death", label: "Death recorded", button: "Record the death", fields: [], watch: "Open cards about this donor are withdrawn; one about condolences takes their place." },
  { what: "campaign", label: "Campaign paused", button: "Pause or resume the campaign", fields: ["paused"], watch: "A notice appears in #donor-desk, and asks for this campaign are held while it is paused.", withoutDonor: true },
  { what: "email_open", label: "E-mail opened", button: "Open the e-mail", fields: [], watch: "Usually nothing needs a human: it only counts as engagement." },
  { what: "note", label: "Note added", button: "Add the note", fields: ["text", "external"], hint: "What the note says", watch: "A note by somebody outside the staff is treated as untrusted text." },
  { what: "legal_review", label: "Legal review", button: "Place or lift legal review", fields: [], watch: "While it is on, compliance has to agree to any change, and contact is refused." },
];

export const SWITCHES = {
  crm: {
    title: "The CRM",
    switches: [
      { key: "api_down", on: true, label: "Down", watch: "Cards say the CRM cannot be reached; approvals wait and finish by themselves." },
      { key: "slow_ms", on: 4000, label: "Slow (4 s)", watch: "Slack is answered at once; the summary follows when the CRM does." },
      { key: "stale_412", on: 1, label: "Somebody else was faster", watch: "The bot reads the record again and goes on only if nothing that matters has changed." },
      { key: "lost_write_replies", on: true, label: "Answers to writes get lost", watch: "The outcome is unknown: the bot looks before it writes again, and nothing is doubled." },
      { key: "failed_writes_done", on: true, label: "Writes, then says that it failed", watch: "An error after a write tells nothing: the bot looks before it writes again, and nothing is doubled." },
      { key: "cut_answers", on: true, label: "Answers break off", watch: "Half an answer counts as none: everything waits and goes on by itself." },
      { key: "empty_promises", on: true, label: "Says yes and writes nothing", watch: "Reading back finds nothing: the bot tries again, and says so on the card when it gives up." },
      { key: "repeated_items", on: true, label: "Lists name things twice", watch: "Each gift counts once." },
      { key: "rate_limit", on: true, label: "Too many requests", watch: "The bot slows down as long as the CRM asks for and then goes on." },
      { key: "quota", on: true, label: "Daily quota used up", watch: "The bot waits for as long as the CRM says; it does not take it for missing permission." },
      { key: "empty_reads", on: true, label: "Lists come back empty", watch: "A gift that was announced and cannot be found is looked for again, not forgotten." },
      { key: "partial_permission", on: true, label: "Notes are forbidden", watch: "The summary says that notes could not be read." },
      { key: "duplicate_events", on: true, label: "Events arrive twice", watch: "One card, not two." },
      { key: "late_events", on: 20, label: "Events arrive late (20 s)", watch: "The card still shows the donor as the CRM has them now." },
      { key: "reorder_events", on: true, label: "Events arrive out of order", watch: "What is older never overwrites what is newer." },
      { key: "drop_events", on: true, label: "Events get lost", watch: "The bot finds them when it asks the CRM for its events." },
    ],
  },
  slack: {
    title: "Slack",
    switches: [
      { key: "down", on: true, label: "Down", watch: "Nothing is lost: cards appear when Slack is back." },
      { key: "slow_api_ms", on: 4000, label: "Slow (4 s)", watch: "Clicks are still taken once and answered in order." },
      { key: "rate_limited", on: true, label: "Rate limited", watch: "Cards arrive later, in order, none twice." },
      { key: "http_500", on: true, label: "Errors", watch: "The bot tries again and posts each card once." },
      { key: "lost_replies", on: true, label: "Answers get lost", watch: "A message that was posted is not posted again." },
      { key: "no_charts", on: true, label: "No charts", watch: "Digests come with tables, and with the charts as pictures in the thread." },
    ],
  },
  model: {
    title: "The model",
    switches: [
      { key: "down", on: true, label: "Down", watch: "Summaries still come, from the records alone, and say so." },
      { key: "slow_ms", on: 20000, label: "Slow (20 s)", watch: "Slack shows progress, then a summary without the model." },
      { key: "garbage", on: true, label: "Talks nonsense", watch: "What cannot be verified against the CRM is removed and counted." },
      { key: "obedient", on: true, label: "Obeys what notes say", watch: "Whatever a note orders, nothing happens that the policy does not allow and a human has not approved." },
      { key: "ignore_schema", on: true, label: "Ignores the agreed form", watch: "The answer is refused; the summary comes from the records alone." },
      { key: "truncate", on: true, label: "Breaks off in mid-sentence", watch: "Half an answer counts as none." },
    ],
  },
};
