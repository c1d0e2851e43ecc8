// Generated from hub/console/protocol.py and crm_core/words by `hub protocol --write`. Do not edit.
// Times are whole milliseconds since 1970-01-01 UTC; ids are whole numbers below 2^53.

export const PROTOCOL = 1;
export const WATCHED_ENTRIES = 50;
export const MOST_WATCHED = 5;

/** Why the server closed the socket (RFC 6455 section 7.4; from 4000 on our own). */
export const CloseCode = {
  GOING_AWAY: 1001,
  BINARY: 1003,
  NOT_JSON: 1007,
  POLICY: 1008,
  TOO_LARGE: 1009,
  RESTART: 1012,
  TRY_AGAIN: 1013,
  SIGNED_OUT: 4401,
  OLD_PROTOCOL: 4409,
} as const;

/** All that routing ever learns of a channel. */
export type Medium = "call" | "chat" | "mail";

/**
 * How far an outbound message got. It only moves forward (`outranks`).
 * `cancelled`: Taken back by an agent before it left.
 */
export type DeliveryStatus = "queued" | "sending" | "unconfirmed" | "sent" | "failed" | "cancelled" | "delivered" | "read";

/** What a person of ours may do. Each includes what the one before may. */
export type Role = "agent" | "supervisor" | "administrator";

/** What an agent says they are doing. Only AVAILABLE receives offers. */
export type Activity = "available" | "busy" | "break" | "training" | "not_responding" | "offline";

export type ConversationStatus = "open" | "snoozed" | "closed";

export type WorkState = "queued" | "offered" | "assigned" | "done";

export type OfferState = "pending" | "accepted" | "declined" | "timed_out" | "withdrawn";

/** A note is a kind of its own: what sends messages cannot even read one. */
export type EntryKind = "message" | "note" | "notice" | "call";

export type Direction = "in" | "out" | "internal";

/**
 * What a drafted reply does with the message it is about.
 * `all`: Answers it and everybody who had it.
 */
export type DraftMode = "reply" | "all" | "forward";

export type AuthorKind = "contact" | "agent" | "system";

export type ContactKind = "person" | "company";

/**
 * Where a call stands. Only forwards from WRAP_UP; nothing follows ENDED.
 * `ringing`: In: reported, nothing decided yet. Out: the contact's device rings.
 * `greeting`: A prompt or a menu plays.
 * `offered`: An agent is asked; the caller hears what they heard in line.
 * `connecting`: An agent said yes; their device is being connected.
 * `voicemail`: The caller leaves a message.
 * `wrap_up`: The contact is gone; an agent still writes down what it was about.
 */
export type CallState = "ringing" | "greeting" | "queued" | "offered" | "connecting" | "talking" | "held" | "voicemail" | "wrap_up" | "ended";

/**
 * What came of a call: exactly one, once the contact's side is over.
 * `abandoned`: The caller hung up while they waited.
 * `missed`: Nobody could take it: closed, nobody there, or waited too long.
 * `callback`: The caller asked to be called back and keeps the place in line.
 * `cancelled`: The agent gave up before the contact answered.
 */
export type CallOutcome = "answered" | "abandoned" | "missed" | "voicemail" | "callback" | "no_answer" | "busy" | "cancelled" | "failed";

/**
 * `customer`: The contact's side.
 * `third`: A number outside that was called in.
 */
export type LegRole = "customer" | "agent" | "supervisor" | "third";

/**
 * `invited`: An agent is asked on their console; no device is called yet.
 * `lost`: The device went away without hanging up: a refresh, a sleeping laptop. It may come back.
 */
export type LegState = "invited" | "dialling" | "ringing" | "connected" | "lost" | "ended";

/**
 * How a leg takes part.
 * `consult`: Asked by the agent while the contact is held; becomes TALK when the call is handed over or made three-way.
 * `monitor`: Hears everybody, is heard by nobody.
 * `whisper`: Hears everybody, is heard by the agent.
 * `barge`: Is heard by everybody.
 */
export type LegMode = "talk" | "consult" | "monitor" | "whisper" | "barge";

/** `nobody`: A connection broke. */
export type EndedBy = "contact" | "agent" | "supervisor" | "system" | "nobody";

export type RecordingState = "off" | "on" | "paused";

/**
 * What became of a recording.
 * `awaited`: Over, and on its way from the provider.
 * `missing`: It never arrived.
 */
export type KeptState = "running" | "awaited" | "stored" | "missing";

export type TransferKind = "blind" | "attended";

/** What moves through a pipeline. A lead that is qualified becomes another kind; it stays the same case. */
export type CaseKind = "lead" | "deal" | "request" | "job" | "custom";

/** What a stage means, the same in every pipeline. A case's status is its stage's category. */
export type StageCategory = "new" | "active" | "waiting" | "won" | "lost" | "cancelled";

/**
 * `new`: Nothing was said to resume from.
 * `rights`: The agent's role or queues changed.
 */
export type ResyncReason = "new" | "unknown_position" | "too_old" | "other_epoch" | "rights";

/** `not_understood`: The one answer to every unknown or wrong frame. */
export type ProblemCode = "not_understood";

/** One stretch of recording. */
export interface RecordingValue {
  id: number;
  state: KeptState;
  since: number;
  external_id: string;
  file_id: number | null;
  duration: number | null;
  is_voicemail: boolean;
  /** Who recorded it, where the agent's device does. */
  agent_id: number | null;
}

/** Somebody who takes part, or is asked to. */
export interface LegValue {
  id: number;
  role: LegRole;
  state: LegState;
  mode: LegMode;
  agent_id: number | null;
  /** The number, in E.164 where it is one; empty for devices of ours. */
  address: string;
  name: string;
  /** Of an agent: the browser tab that carries the sound, or `phone` for their own telephone. */
  device: string;
  external_id: string;
  muted: boolean;
  /** Of the contact: since when their device is gone, perhaps to come back (a page that is loaded anew). */
  away_since: number | null;
  /** The agent who called them in. */
  asked_by: number | null;
  made_at: number;
  /** When it came into this state. */
  since: number;
  connected_at: number | null;
  ended_at: number | null;
  /** When the hub stops waiting for them: a device that does not answer, an agent who does not say yes. */
  until: number | null;
  ended_by: EndedBy | null;
  /** Why it ended, as a code: hung_up, no_answer, busy, declined, failed, replaced, moved. */
  reason: string;
  /** Milliseconds connected in all. */
  talk: number;
  /** Of an agent who is done: until when they write down what it was about. */
  wrap_up_until: number | null;
  wrap_up: number;
  /** good, fair or poor, as their device measured it last. */
  quality: string;
}

/** Something said to the contact by the machine. */
export interface PromptValue {
  /** Grows within a call: a device plays each once. */
  seq: number;
  /** greeting, closed, recording, menu, position, callback, voicemail, goodbye, wait, listening. */
  code: string;
  /** What is said, in the call's language. */
  text: string;
  language: string;
  /** Keys that are listened for, such as `12*`; empty: none. */
  digits: string;
  /** What the keys mean, in words, for a device that shows it. */
  choices: Record<string, string>;
  /** A recorded prompt instead of a synthetic voice. */
  file_id: number | null;
  position: number | null;
  /** Estimated wait in ms. */
  wait: number | null;
}

/** A transfer under way, or one of the past. */
export interface TransferValue {
  kind: TransferKind;
  by_agent_id: number;
  at: number;
  leg_id: number | null;
  to_agent_id: number | null;
  to_queue_id: number | null;
  to_number: string;
  /** Empty while it is under way; done, cancelled, failed. */
  result: string;
}

/** A call as the console shows it, and the call record once it is over. */
export interface CallValue {
  id: number;
  conversation_id: number;
  /** Its line in the timeline. */
  entry_id: number;
  account_id: number;
  channel: string;
  direction: Direction;
  state: CallState;
  outcome: CallOutcome | null;
  who: string;
  /** The contact's number in E.164, else how the channel knows them; empty when it is hidden. */
  number: string;
  /** Our number, or the name of the account. */
  line: string;
  contact_id: number | null;
  identity_id: number;
  queue_id: number | null;
  /** Whose call it is now, or was last. */
  agent_id: number | null;
  legs: LegValue[];
  recording: RecordingState;
  recordings: RecordingValue[];
  transfers: TransferValue[];
  /** What the contact hears said now. */
  prompt: PromptValue | null;
  three_way: boolean;
  /** The contact is always told when a supervisor joins, whether the supervisor asks for it or not. */
  announces: boolean;
  started_at: number;
  /** When it came into this state. */
  since: number;
  /** Its place in line; kept through transfers and callbacks. */
  queued_at: number | null;
  answered_at: number | null;
  /** When the contact's side was over. */
  ended_at: number | null;
  ring: number;
  greet: number;
  wait: number;
  talk: number;
  hold: number;
  wrap_up: number;
  position: number | null;
  /** Estimated wait in ms as last told. */
  estimate: number | null;
  ended_by: EndedBy | null;
  /** Why it went wrong, as a code or in the provider's words. */
  reason: string;
  disposition: string | null;
  note: string;
  /** none, optional, mandatory, timeout (the default of a queue), forced. */
  wrap_up_mode: string;
  /** The call that asked for this one. */
  callback_of: number | null;
  /** Keys pressed in menus. */
  chosen: string[];
  /** As the provider tells it, such as `0.0085 USD`. */
  cost: string;
  external_id: string;
  version: number;
}

export interface Author {
  kind: AuthorKind;
  /** The agent's id, or the identity's; none for the system. */
  id: number | null;
  name: string;
}

export interface FileValue {
  id: number;
  name: string;
  /** Found from the bytes, never what the sender claimed. */
  type: string;
  size: number;
  width: number | null;
  height: number | null;
}

/** A thin line of the timeline: what happened, by code and facts, so that each reader sees their language. */
export interface Notice {
  code: string;
  facts: Record<string, string | number | null>;
}

/** Somebody a message was addressed to: their address in one spelling, and their name. */
export interface Named {
  value: string;
  name: string;
}

/** A button below a message. */
export interface Pressable {
  text: string;
  url: string;
  key: string;
}

/** A place that was sent, in degrees (WGS 84). */
export interface Spot {
  latitude: number;
  longitude: number;
  title: string;
}

/** A call in the timeline: what came of it so far. Durations are int ms. */
export interface CallLine {
  id: number;
  direction: Direction;
  state: CallState;
  outcome: CallOutcome | null;
  number: string;
  agent_id: number | null;
  queue_id: number | null;
  wait: number;
  talk: number;
  recordings: RecordingValue[];
  disposition: string | null;
  note: string;
}

/** What only some messages have. None of it is needed to read the text. */
export interface EntryDetails {
  subject: string;
  /** Quoted text and signature, shown when asked for. */
  folded: string;
  /** The message as its writer laid it out: a file that is shown in a frame where nothing runs. */
  html_file_id: number | null;
  /** The original as it came, to download. */
  raw_file_id: number | null;
  to: Named[];
  cc: Named[];
  bcc: Named[];
  /** Where its writer says that answers go, if elsewhere (Reply-To). */
  answer_to: Named[];
  buttons: Pressable[];
  place: Spot | null;
  /** The provider's id of the approved text as which it goes. */
  template: string;
  /** What stands in the template's gaps. */
  variables: Record<string, string>;
  /** The entry it answers. */
  reply_to_id: number | null;
  /** The entry that failed and went this way again. */
  instead_of_id: number | null;
  /** Written by a machine: an absence note, a greeting of ours, a newsletter. */
  automatic: boolean;
  /** Why not all of it could be read, as a code. */
  problem: string;
  edited_at: number | null;
  /** When its writer took it back; the text is gone then. */
  withdrawn_at: number | null;
  /** When an agent wants it sent. */
  send_at: number | null;
  call: CallLine | null;
  /** Its sender could not be checked: it claims an address that its mail system does not vouch for. */
  unverified: boolean;
}

export interface EntryValue {
  id: number;
  conversation_id: number;
  kind: EntryKind;
  direction: Direction;
  author: Author;
  at: number;
  /** The kind of the channel account, such as `webchat`; empty for notes and notices. */
  channel: string;
  account_id: number | null;
  text: string;
  files: FileValue[];
  notice: Notice | null;
  delivery: DeliveryStatus | null;
  delivery_reason: string | null;
  /** The key the sender's own device gave, so that it knows its own message again. */
  client_key: string | null;
  /** By which of their addresses the contact wrote, or was written to. */
  identity_id: number | null;
  details: EntryDetails | null;
  version: number;
}

export interface ConversationValue {
  id: number;
  status: ConversationStatus;
  /** The name to show: the contact's, else what the stranger calls themselves, else the address. */
  who: string;
  channel: string;
  account_id: number;
  identity_id: number;
  contact_id: number | null;
  /** The lead, deal or request it is about. */
  case_id: number | null;
  queue_id: number | null;
  assignee_id: number | null;
  work_state: WorkState | null;
  subject: string;
  preview: string;
  preview_author: AuthorKind;
  priority: number;
  tags: string[];
  opened_at: number;
  last_activity_at: number;
  last_entry_id: number;
  last_inbound_id: number;
  /** Since when the contact waits for an answer; none when it is their turn. */
  waiting_since: number | null;
  first_reply_at: number | null;
  snoozed_until: number | null;
  closed_at: number | null;
  disposition: string | null;
  /** The newest entry the contact has read. */
  contact_read_id: number;
  /** The newest entry the assignee has read. */
  agent_read_id: number;
  entry_count: number;
  version: number;
}

/** What a drafted reply is besides its text and files, as far as its agent got: nothing of it is checked yet. */
export interface DraftExtras {
  /** With `account_id`, the way that was chosen by hand; none follows the conversation. */
  identity_id: number | null;
  account_id: number | null;
  mode: DraftMode;
  /** The entry that is answered or forwarded. */
  about_id: number | null;
  /** Who wrote that entry and how it began, as it was shown. */
  quote: string;
  /** None follows the way. */
  subject: string | null;
  to: string[];
  cc: string[];
  bcc: string[];
  /** The text as it was laid out; empty for plain text. */
  html: string;
  template: string;
  variables: Record<string, string>;
  buttons: Pressable[];
  send_at: number | null;
}

export interface DraftValue {
  conversation_id: number;
  kind: EntryKind;
  text: string;
  files: FileValue[];
  /** None for a note, and where whoever wrote it said nothing of them. */
  extras: DraftExtras | null;
  updated_at: number;
}

export interface IdentityValue {
  id: number;
  scheme: string;
  value: string;
  display: string;
  name: string;
  contact_id: number | null;
  verified: boolean;
  is_primary: boolean;
  /** Several people use it (a reception, `info@`): it never says who somebody is. */
  is_shared: boolean;
  label: string;
  last_seen: number | null;
  /** What the channel knows of them: the page they are on, their browser, language. */
  facts: Record<string, string>;
}

export interface ContactValue {
  id: number;
  kind: ContactKind;
  name: string;
  company: string;
  title: string;
  language: string;
  timezone: string;
  owner_id: number | null;
  note: string;
  tags: string[];
  fields: Record<string, string>;
  /** Of those that were merged into this one, too. */
  identities: IdentityValue[];
  /** The contact it was merged into; none while it stands for itself. */
  root_id: number | null;
  created_at: number;
  version: number;
}

/** A colleague as everybody may see them. */
export interface AgentValue {
  id: number;
  name: string;
  role: Role;
  activity: Activity;
  reason: string;
  activity_since: number;
  /** They let an offer run out and have to say that they are back. */
  missed_offer: boolean;
  present: boolean;
  queues: number[];
  skills: Record<string, number>;
  units_used: number;
  units_total: number;
  /** Since when nothing was given to them or taken from them; the longest idle is offered first. */
  idle_since: number;
  wrap_up_until: number | null;
  /** How calls reach them: browser, phone (their own telephone, `call_number`), or off. */
  call_device: string;
  call_number: string;
  language: string;
  disabled: boolean;
  version: number;
}

export interface StageValue {
  id: number;
  pipeline_id: number;
  name: string;
  category: StageCategory;
  /** What the house itself moves cases here for: `disqualified`, `spam`, `duplicate`; empty for other stages. */
  key: string;
  position: number;
  colour: string;
  /** Per cent. */
  probability: number | null;
  /** Milliseconds after which a case in it counts as stuck. */
  max_age: number | null;
}

export interface PipelineValue {
  id: number;
  kind: CaseKind;
  name: string;
  currency: string;
  /** Where cases of its kind begin when nobody says otherwise. */
  is_default: boolean;
  /** In order; those that were taken out are left out. */
  stages: StageValue[];
  archived: boolean;
  version: number;
}

export interface CaseValue {
  id: number;
  /** Counted from 1 in the workspace, as people say it. */
  number: number;
  kind: CaseKind;
  title: string;
  pipeline_id: number;
  stage_id: number;
  category: StageCategory;
  stage_since: number;
  contact_id: number | null;
  identity_id: number | null;
  /** The conversation it began in. */
  conversation_id: number | null;
  who: string;
  owner_id: number | null;
  queue_id: number | null;
  /** The kind of channel it came by, or `form`, `manual`. */
  source: string;
  account_id: number | null;
  first_words: string;
  /** Why it was lost, in the words chosen from the list. */
  reason: string;
  is_spam: boolean;
  /** The case it followed from, or is a duplicate of. */
  origin_id: number | null;
  /** In the smallest unit of the currency. */
  amount: number | null;
  currency: string;
  /** Put away until then. */
  nurture_until: number | null;
  /** Whether the last decision can still be taken back. */
  can_undo: boolean;
  tags: string[];
  created_at: number;
  closed_at: number | null;
  version: number;
}

export interface OfferValue {
  id: number;
  work_id: number;
  conversation_id: number;
  /** The call it is about; none for messages. */
  call_id: number | null;
  /** Of a call: talk, consult (a colleague asks for advice) or callback. */
  purpose: string;
  agent_id: number;
  queue_id: number;
  state: OfferState;
  medium: Medium;
  channel: string;
  who: string;
  preview: string;
  waiting_since: number;
  made_at: number;
  expires_at: number;
  version: number;
}

/**
 * What happens after so long in line (ROUTING.md section 9); the place in line is kept.
 *
 * `then`: queue (moved to another one), priority (raised by 1), widen (skills are not asked for any more),
 * voicemail, callback, number, hang_up.
 */
export interface WaitingStep {
  /** Milliseconds since the call joined this queue. */
  after: number;
  then: string;
  queue_id: number | null;
  number: string;
}

/** How a queue deals with calls. */
export interface QueueVoice {
  offer_seconds: number;
  wrap_up_seconds: number;
  /**
   * none; optional (ends by itself, asks for nothing); timeout (ends by itself, asks for a disposition);
   * mandatory (ends only with a disposition); forced (ends by itself, with the disposition below).
   */
  wrap_up_mode: string;
  /** What a forced wrap-up ends with. */
  disposition: string;
  /** Between two announcements of the place in line; 0: none. */
  announce_seconds: number;
  /** Callers may press `*` to be called back at their place. */
  callback: boolean;
  /** What happens when nobody of the queue is at work: queue (wait all the same), voicemail, callback, hang_up. */
  no_agents: string;
  /** Callers in line at most; further ones go where `no_agents` says. 0: no limit. */
  most_waiting: number;
  steps: WaitingStep[];
  music_file_id: number | null;
}

export interface QueueValue {
  id: number;
  name: string;
  waiting: number;
  longest_since: number | null;
  chat_offer_seconds: number;
  mail_offer_seconds: number;
  sticky_seconds: number;
  cooldown_seconds: number;
  strategy: string;
  skills: Record<string, number>;
  voice: QueueVoice;
  archived: boolean;
  version: number;
}

/** A canned reply. `{{contact.name}}`, `{{agent.name}}` are filled in by the console, as text. */
export interface CannedValue {
  id: number;
  shortcut: string;
  title: string;
  text: string;
  language: string;
  deleted: boolean;
  version: number;
}

export interface DispositionValue {
  id: number;
  name: string;
  position: number;
  deleted: boolean;
  version: number;
}

/** A channel account without its secrets. */
export interface AccountValue {
  id: number;
  kind: string;
  name: string;
  public_key: string;
  queue_id: number | null;
  settings: Record<string, unknown>;
  /** How it greets and when it is open; `hub.desk.manners` reads it. */
  manner: Record<string, unknown>;
  state: string;
  problem: string;
  disabled: boolean;
  version: number;
}

/** What waits for an agent, or is with one. Routing's own facts; agents see its conversation instead. */
export interface WorkValue {
  id: number;
  conversation_id: number;
  call_id: number | null;
  purpose: string;
  queue_id: number;
  medium: Medium;
  state: WorkState;
  agent_id: number | null;
  priority: number;
  skills: Record<string, number>;
  virtual_start: number;
  preferred_agent_id: number | null;
  preferred_until: number | null;
  /** Agents who declined or missed it, and until when they are not offered it again. */
  cooling: Record<string, number>;
  version: number;
}

/** Something was written or happened in a conversation; the conversation's row as it is now comes along. */
export interface EntryAdded {
  type: "EntryAdded";
  entry: EntryValue;
  conversation: ConversationValue;
}

/** An entry's delivery moved on. */
export interface EntryChanged {
  type: "EntryChanged";
  entry: EntryValue;
  conversation: ConversationValue;
}

/**
 * Status, owner, queue or marks of a conversation changed.
 *
 * `lost_agent_id` and `lost_queue_id` name who had it before and has not any more: they are told too.
 */
export interface ConversationChanged {
  type: "ConversationChanged";
  conversation: ConversationValue;
  lost_agent_id: number | null;
  lost_queue_id: number | null;
}

/** Work entered a queue, was offered, assigned or done. For the engine; not shown. */
export interface WorkChanged {
  type: "WorkChanged";
  work: WorkValue;
}

/** An offer was made to an agent, or ended. */
export interface OfferChanged {
  type: "OfferChanged";
  offer: OfferValue;
}

export interface AgentChanged {
  type: "AgentChanged";
  agent: AgentValue;
}

export interface QueueChanged {
  type: "QueueChanged";
  queue: QueueValue;
}

export interface ContactChanged {
  type: "ContactChanged";
  contact: ContactValue;
  /**
   * Conversations with this contact: the open ones, whose lists show the name, and closed ones that just became
   * theirs.
   */
  conversation_ids: number[];
}

/** An agent's own draft; `draft` is none when it was sent or thrown away. */
export interface DraftChanged {
  type: "DraftChanged";
  agent_id: number;
  conversation_id: number;
  kind: EntryKind;
  draft: DraftValue | null;
}

export interface CannedChanged {
  type: "CannedChanged";
  canned: CannedValue;
}

export interface DispositionChanged {
  type: "DispositionChanged";
  disposition: DispositionValue;
}

/** A lead, deal or request was opened, moved, decided on or edited; who lost it is told that and no more. */
export interface CaseChanged {
  type: "CaseChanged";
  case: CaseValue;
  lost_agent_id: number | null;
  lost_queue_id: number | null;
}

export interface PipelineChanged {
  type: "PipelineChanged";
  pipeline: PipelineValue;
}

export interface AccountChanged {
  type: "AccountChanged";
  account: AccountValue;
}

/** A call came, moved on or ended. */
export interface CallChanged {
  type: "CallChanged";
  call: CallValue;
}

/** Sessions of an agent ended: one (`session_id`), or all of them. Their sockets are closed. */
export interface SignedOut {
  type: "SignedOut";
  agent_id: number;
  session_id: number | null;
}

/** A conversation on the screen. */
export interface Watched {
  conversation: ConversationValue;
  /** The newest, oldest first. */
  entries: EntryValue[];
  contact: ContactValue | null;
}

/**
 * All that the console keeps live, as it stood at `position`.
 *
 * Only what events alone can keep true is here: figures such as counts of views, of waiting work and of units
 * in use are asked for over the API, and stand at zero in `queues` and `agents`.
 */
export interface Snapshot {
  position: number;
  me: AgentValue;
  agents: AgentValue[];
  queues: QueueValue[];
  canned: CannedValue[];
  dispositions: DispositionValue[];
  /**
   * Those that are not archived, by id. Cases are no part of this: a console that shows some asks for them over the
   * API and applies `CaseChanged` and `case_gone` to them itself.
   */
  pipelines: PipelineValue[];
  /** For those who configure; empty for everybody else. */
  accounts: AccountValue[];
  /** Assigned to me and not closed, by id. */
  mine: ConversationValue[];
  /** Made to me and pending, by id. */
  offers: OfferValue[];
  /** That I take part in, am asked into, or write down, by id. */
  calls: CallValue[];
  /** Mine, by conversation and kind. */
  drafts: DraftValue[];
  watched: Watched[];
}

/** The hello was good. When `resumed`, the missed events follow; else a snapshot. */
export interface Ready {
  type: "ready";
  protocol: number;
  agent_id: number;
  epoch: string;
  /** A name for the rights the agent has now; said again when resuming. */
  rights: string;
  position: number;
  /** The server's clock, against which deadlines are shown. */
  at: number;
  resumed: boolean;
  /** The agents who are here, when resumed; a snapshot says it itself. */
  present: number[];
  heartbeat_ms: number;
}

/** Everything anew; replaces what the console had. */
export interface SnapshotTaken {
  type: "snapshot";
  epoch: string;
  rights: string;
  at: number;
  snapshot: Snapshot;
}

/** Something happened. Positions grow; those in between were for others. */
export interface Happened {
  type: "event";
  position: number;
  at: number;
  event: AnyEvent;
}

/** The agent may not read this conversation (any more), or there is none. */
export interface Gone {
  type: "gone";
  position: number;
  conversation_id: number;
}

/** The agent may not read this case any more. */
export interface CaseGone {
  type: "case_gone";
  position: number;
  case_id: number;
}

/** The conversation asked for with `watch`, as it stood at `position`. */
export interface WatchedShown {
  type: "watched";
  position: number;
  watched: Watched;
}

export interface TypingShown {
  type: "typing";
  conversation_id: number;
  by: AuthorKind;
  agent_id: number | null;
  on: boolean;
  kind: EntryKind;
}

/** The agents who have this conversation on their screen. */
export interface ViewingShown {
  type: "viewing";
  conversation_id: number;
  agent_ids: number[];
}

/**
 * What the browser of another leg of a call says to mine: an offer, an answer. Every tab hears it; the one that
 * carries the call takes it.
 */
export interface PhoneHeard {
  type: "phone";
  call_id: number;
  from_leg: number;
  to_leg: number;
  body: Record<string, unknown>;
}

/** Who came, and who has been away for a minute. */
export interface PresenceShown {
  type: "presence";
  came: number[];
  left: number[];
}

/** The heartbeat: everything up to here was told. Answered with `alive`. */
export interface Position {
  type: "position";
  position: number;
  at: number;
}

/** What the console has is not enough to go on from; a snapshot follows. */
export interface Resync {
  type: "resync";
  reason: ResyncReason;
}

/** The server is about to close this socket; come back after so many milliseconds. */
export interface Restarting {
  type: "restarting";
  after_ms: number;
}

/** The client's last frame was of no use. The code is all that is said. */
export interface Problem {
  type: "problem";
  code: ProblemCode;
}

/** Where a console was when it lost the server. */
export interface Resume {
  position: number;
  epoch: string;
  rights: string;
}

/** The first frame, within thirty seconds. */
export interface Hello {
  type: "hello";
  ticket: string;
  protocol: number;
  resume?: Resume | null;
  watching?: number[];
}

/** This conversation is on the screen now, instead of any before; or none is. */
export interface Watch {
  type: "watch";
  conversation_id: number | null;
}

/** The agent writes in a conversation they watch, or stopped. */
export interface Type {
  type: "typing";
  conversation_id: number;
  on: boolean;
  kind?: "message" | "note";
}

/** The answer to `position`. */
export interface Alive {
  type: "alive";
}

export type AnyEvent =
  | EntryAdded
  | EntryChanged
  | ConversationChanged
  | WorkChanged
  | OfferChanged
  | AgentChanged
  | QueueChanged
  | ContactChanged
  | DraftChanged
  | CannedChanged
  | DispositionChanged
  | CaseChanged
  | PipelineChanged
  | AccountChanged
  | CallChanged
  | SignedOut;

export type FromServer =
  | Ready
  | SnapshotTaken
  | Happened
  | Gone
  | CaseGone
  | WatchedShown
  | TypingShown
  | ViewingShown
  | PhoneHeard
  | PresenceShown
  | Position
  | Resync
  | Restarting
  | Problem;

export type FromClient =
  | Hello
  | Watch
  | Type
  | Alive;
