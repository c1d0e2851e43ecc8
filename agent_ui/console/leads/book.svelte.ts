import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { type CaseCounts, type ReasonValue, cases } from "../api/cases";
import type { Http } from "../api/http";
import type { AnyEvent, CaseValue, PipelineValue, StageValue } from "../wire";

const COUNTS_PAUSE_MS = 800;

/** What the book needs of the desk. */
export interface Source {
  readonly http: Http;
  readonly listeners: Set<(event: AnyEvent) => void>;
  /** What the socket keeps true. */
  readonly live: { pipelines: readonly PipelineValue[] } | null;
}

/** Leads, deals and requests as they are known now: every row and card reads from here. */
export class CaseBook {
  known = new SvelteMap<number, CaseValue>();
  counts = $state.raw<Partial<CaseCounts>>({});
  /** Told of every case that changed. */
  readonly listeners = new Set<(changed: CaseValue) => void>();
  #source: Source;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  readonly pipelines = $derived.by<readonly PipelineValue[]>(() => this.#source.live?.pipelines ?? []);
  readonly stages = $derived.by<ReadonlyMap<number, StageValue>>(() => new Map(this.pipelines.flatMap(({ stages }) => stages).map((stage) => [stage.id, stage])));
  readonly leads = $derived.by<PipelineValue | undefined>(() => this.pipelines.find(({ kind, is_default, archived }) => kind === "lead" && is_default && !archived));

  /** Listens from now on. Returns what ends it. */
  open(): () => void {
    const hear = (event: AnyEvent) => this.#happened(event);
    this.#source.listeners.add(hear);
    return () => {
      clearTimeout(this.#timer);
      this.#source.listeners.delete(hear);
    };
  }

  /** Asks anew for the figures, which may have been missed. */
  refresh(): void {
    this.#count(0);
  }

  /** The newest value known of a case, which may be the given one. */
  keep(value: CaseValue): CaseValue {
    const held = this.known.get(value.id);
    if (held && held.version > value.version) return held;
    this.known.set(value.id, value);
    return value;
  }

  /** A case as it is now, after it was changed here or elsewhere. */
  changed(value: CaseValue): void {
    const newest = this.keep(value);
    for (const listener of this.listeners) listener(newest);
    this.#count();
  }

  /** The case, from here or from the hub. Raises Refused when it cannot be read, Unreachable. */
  async find(id: number): Promise<CaseValue> {
    return this.known.get(id) ?? this.keep(await cases.get(this.#source.http, id));
  }

  /** The reasons to choose from, asked for each time: nobody tells when they change. Raises Refused, Unreachable. */
  async reasons(): Promise<ReasonValue[]> {
    return (await cases.reasons(this.#source.http)).items.toSorted((a, b) => a.position - b.position);
  }

  #happened(event: AnyEvent): void {
    if (event.type === "CaseChanged") this.changed(event.case);
  }

  #count(pause = COUNTS_PAUSE_MS): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void cases.counts(this.#source.http).then(
        (counts) => (this.counts = counts),
        () => undefined,
      );
    }, pause);
  }
}

/** The cases of the signed-in agent, for every component below the console. */
export const [getBook, setBook] = createContext<CaseBook>();
