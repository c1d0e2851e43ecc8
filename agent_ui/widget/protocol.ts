// The visitors' frames as channels/webchat/protocol.py has them; a test compares the two field by field.

export interface Profile {
  name?: string;
  email?: string;
  phone?: string;
}

export interface User {
  id: string;
  hash?: string;
  expires?: number | null;
  name?: string;
  email?: string;
}

export interface Hello {
  type: "hello";
  token?: string | null;
  user?: User | null;
  profile?: Profile | null;
  page?: string;
  referrer?: string;
  language?: string;
}

export interface Send {
  type: "send";
  client_message_id: string;
  text?: string;
  files?: number[];
  profile?: Profile | null;
}

export interface Typing {
  type: "typing";
  on: boolean;
}

export interface Got {
  type: "got";
  entry_id: number;
}

export interface Read {
  type: "read";
  entry_id: number;
}

export interface More {
  type: "more";
  before: number;
}

export interface Alive {
  type: "alive";
}

export interface Ring {
  type: "call";
  key: string;
  consent?: boolean;
}

export interface Leave {
  type: "leave";
}

export interface HangUp {
  type: "hang_up";
}

export interface Digit {
  type: "digit";
  seq: number;
  digit: string;
}

export interface Signal {
  type: "signal";
  to_leg: number;
  body: Record<string, unknown>;
}

export interface Lost {
  type: "lost";
  leg_id: number;
}

export interface Played {
  type: "played";
  seq: number;
  heard: boolean;
}

export type ClientFrame = Hello | Send | Typing | Got | Read | More | Alive | Ring | Leave | HangUp | Digit | Signal | Lost | Played;

export interface ShownSound {
  id: number;
  url: string;
}

export interface ShownPrompt {
  seq: number;
  text: string;
  digits: string;
  choices: Record<string, string>;
  sound: ShownSound | null;
}

export interface ShownCall {
  id: number;
  state: "opening" | "waiting" | "connecting" | "talking" | "held" | "voicemail" | "over";
  hears: "prompt" | "music" | "room" | "recorder" | "nothing";
  here: boolean;
  leg: number;
  peer: number | null;
  name: string;
  prompt: ShownPrompt | null;
  position: number | null;
  wait: number | null;
  since: number;
  recorded: boolean;
  music: ShownSound | null;
  most_voicemail: number;
  message: boolean;
}

export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

export interface ShownFile {
  id: number;
  name: string;
  type: string;
  size: number;
  url: string;
  width: number | null;
  height: number | null;
}

export interface ShownEntry {
  id: number;
  mine: boolean;
  at: number;
  name: string;
  text: string;
  files: ShownFile[];
  client_message_id: string | null;
}

export interface ShownConversation {
  open: boolean;
  waiting: boolean;
  agent_read_id: number;
}

export interface Welcome {
  type: "welcome";
  token: string | null;
  visitor: string;
  name: string;
  verified: boolean;
  entries: ShownEntry[];
  has_more: boolean;
  conversation: ShownConversation | null;
  queue_position: number | null;
  available: boolean;
  call: ShownCall | null;
}

export interface Entry {
  type: "entry";
  entry: ShownEntry;
}

export interface Ack {
  type: "ack";
  client_message_id: string;
  entry: ShownEntry;
}

export interface History {
  type: "history";
  entries: ShownEntry[];
  has_more: boolean;
}

export interface Status {
  type: "status";
  conversation: ShownConversation;
}

export interface AgentTyping {
  type: "typing";
  on: boolean;
}

export interface Queue {
  type: "queue";
  position: number;
}

export interface Available {
  type: "available";
  on: boolean;
}

export interface Problem {
  type: "problem";
  code: string;
  client_message_id: string | null;
  after_ms: number | null;
}

export interface StillAlive {
  type: "alive";
}

export interface CallShown {
  type: "call";
  call: ShownCall;
  ice: IceServer[] | null;
  relay_only: boolean;
}

export interface Signalled {
  type: "signal";
  from_leg: number;
  body: Record<string, unknown>;
}

export type ServerFrame = Welcome | Entry | Ack | History | Status | AgentTyping | Queue | Available | Problem | StillAlive | CallShown | Signalled;
