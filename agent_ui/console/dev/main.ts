import { mount } from "svelte";
import App from "../App.svelte";
import { Http } from "../api/http";
import { lineOf } from "../desk/line";
import { followLight } from "../styles/light";
import "../styles/ground.css";
import { fitting, speak } from "../words/words.svelte";
import { StandIn } from "./standin";

// `?fill=empty|ordinary|overfull&as=agent|administrator&language=uk&call=offer|talking|held|consult|invited|wrap` chooses what the stand-in holds.
const said = new URLSearchParams(location.search);
const hub = new StandIn(said.get("fill") ?? "ordinary", said.get("as") ?? "administrator", said.get("language") ?? "en", said.get("call") ?? "");
Object.assign(window, { hub });
followLight();
const http = new Http(hub.fetch);
await speak(fitting([said.get("language")]));
const target = document.getElementById("app");
if (target) mount(App, { target, props: { ways: { http, upload: hub.upload, line: lineOf(http, hub) } } });
