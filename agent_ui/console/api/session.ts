import type { AgentValue } from "../wire";
import type { Http } from "./http";

export type Permission = "work" | "assign_others" | "see_all" | "watch_agents" | "edit_canned" | "listen_in" | "configure";

export interface Me {
  agent: AgentValue;
  email: string;
  permissions: Permission[];
  session_id: number;
}

export const session = {
  /** Who is signed in here; null for nobody. */
  visit: async (http: Http) => (await http.get<{ me: Me | null }>("/session")).me,
  change: (http: Http, settings: { language?: string; name?: string }) => http.patch<Me>("/me", settings),
  signIn: (http: Http, email: string, password: string) => http.post<Me>("/session", { email, password }),
  signOut: (http: Http) => http.delete<void>("/session"),
  socketTicket: async (http: Http) => (await http.post<{ ticket: string }>("/socket-tickets")).ticket,
};
