import type { CaseKind, PipelineValue, StageCategory } from "../wire";
import type { ReasonValue } from "./cases";
import type { Http } from "./http";

/** A stage as it is to be; with an id it is one that is there, or that was taken out and comes back. */
export interface StageFacts {
  id?: number;
  name: string;
  category: StageCategory;
  colour?: string;
  /** Per cent. */
  probability?: number | null;
  /** Milliseconds. */
  max_age?: number | null;
}

/** What is not named stays. `stages` are all of them, in order. */
export interface PipelineFacts {
  name?: string;
  currency?: string;
  is_default?: boolean;
  archived?: boolean;
  stages?: StageFacts[];
}

type All<T> = Promise<{ items: T[] }>;

export const pipelines = {
  /** Archived ones too. */
  all: (http: Http): All<PipelineValue> => http.get("/pipelines", { query: { archived: "true" } }),
  get: (http: Http, id: number) => http.get<PipelineValue>(`/pipelines/${id}`),
  add: (http: Http, kind: CaseKind, facts: PipelineFacts) => http.post<PipelineValue>("/pipelines", { kind, ...facts }),
  change: (http: Http, id: number, version: number, facts: PipelineFacts) => http.patch<PipelineValue>(`/pipelines/${id}`, { version, ...facts }),
};

export const reasons = {
  all: (http: Http): All<ReasonValue> => http.get("/case-reasons"),
  add: (http: Http, name: string, position: number) => http.post<ReasonValue>("/case-reasons", { name, position }),
  change: (http: Http, id: number, version: number, facts: Partial<Pick<ReasonValue, "name" | "position" | "deleted">>) => http.patch<ReasonValue>(`/case-reasons/${id}`, { version, ...facts }),
};
