import { mount } from "svelte";
import App from "./App.svelte";
import { upload } from "./api/conversations";
import { Http } from "./api/http";
import { lineOf } from "./desk/line";
import { followLight } from "./styles/light";
import "./styles/ground.css";
import { fitting, speak } from "./words/words.svelte";
import { keptLanguage } from "./words/kept";

followLight();
const http = new Http();
await speak(fitting([keptLanguage(), ...navigator.languages]));
const target = document.getElementById("app");
if (target) mount(App, { target, props: { ways: { http, upload, line: lineOf(http) } } });
