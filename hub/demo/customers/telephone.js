// Lena's telephone. The stand-in says where the call stands; this shows it and makes it heard.
"use strict";
window.lenasTelephone = (act) => {
  const byId = (id) => document.getElementById(id);
  const sounds = window.lenasSounds();
  const section = document.querySelector(".telephone");
  const LEAST_RINGS = 1200;
  const ENDS = /^(Call ended|Missed|Busy|No answer|Not connected)/;
  let call = null;
  let newest = null;
  let rings = 0;

  const inCall = () => call !== null && call.state !== "over";
  const problem = (words) => {
    byId("phone-problem").textContent = words;
    byId("phone-problem").hidden = !words;
  };
  const doing = async (what) => {
    problem("");
    try {
      await act("phone", what);
    } catch (error) {
      problem(error.message);
    }
  };

  // A network takes a moment to put a call through; the stand-in takes none.
  const isRinging = () => call.state === "ringing" || (call.mine && inCall() && Date.now() < rings);

  const WORDS = {
    people: () => (call.people > 1 ? `Talking with ${call.people} people` : "Talking with an agent"),
    music: () => (call.held ? "On hold" : "Waiting in line"),
    words: () => "The shop's machine speaks",
    silence: () => "Recording your message",
  };

  const state = () => {
    if (!inCall()) return "";
    if (isRinging()) return call.mine ? "Ringing…" : "Incoming call";
    return (WORDS[call.hears] || (() => "One moment…"))();
  };

  const clock = () => {
    const is = inCall() && !isRinging();
    const seconds = is ? Math.max(0, Math.round((Date.now() - call.since) / 1000)) : 0;
    byId("phone-time").textContent = is ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
  };

  const LINES = { heard: "", mine: "mine", note: "note" };
  const line = (one) => {
    const item = document.createElement("li");
    item.className = LINES[one.kind];
    item.textContent = one.text === "♪" ? "♪ music" : one.text === "beep" ? "● beep" : one.text;
    item.dataset.id = one.id;
    if (one.kind === "heard" && one.language) item.lang = one.language;
    return item;
  };

  // Only what is new is said: a page that was opened in the middle of a call does not begin anew.
  const hear = (lines) => {
    const fresh = newest === null ? [] : lines.filter((one) => one.id > newest);
    newest = lines.reduce((most, one) => Math.max(most, one.id), newest ?? 0);
    for (const one of fresh) {
      if (one.kind === "note" && ENDS.test(one.text)) {
        sounds.silence();
        sounds.ended();
      } else if (one.kind !== "heard" || one.text === "♪") continue;
      else if (one.text === "beep") sounds.beep();
      else sounds.say(one.text, one.language);
    }
  };

  const list = (lines) => {
    const screen = byId("phone");
    const known = new Set([...screen.children].map((item) => Number(item.dataset.id)));
    const kept = new Set(lines.map((one) => one.id));
    for (const item of [...screen.children]) if (!kept.has(Number(item.dataset.id))) item.remove();
    const fresh = lines.filter((one) => !known.has(one.id));
    screen.append(...fresh.map(line));
    if (fresh.length) screen.scrollTop = screen.scrollHeight;
  };

  const draw = () => {
    const rung = inCall() && isRinging();
    byId("phone-call").hidden = !inCall();
    byId("phone-who").textContent = inCall() ? call.number : "";
    if (byId("phone-state").textContent !== state()) byId("phone-state").textContent = state();
    byId("phone-recorded").hidden = !(inCall() && call.recorded);
    byId("phone-answer").hidden = byId("phone-decline").hidden = !(rung && !call.mine);
    byId("phone-hang-up").hidden = rung && !call.mine;
    byId("phone-speak").hidden = !(inCall() && !rung && ["people", "silence"].includes(call.hears));
    byId("phone-dial").hidden = byId("phone-hide").hidden = byId("phone-others").hidden = inCall();
    section.classList.toggle("rings", rung && !call.mine);
    const loop = rung ? (call.mine ? "ringback" : "bell") : inCall() && call.hears === "music" && !sounds.isSpeaking ? "music" : "";
    sounds.loop(loop);
    section.dataset.sound = loop || (inCall() && call.hears) || "";
    clock();
  };

  const show = (seen) => {
    const before = call;
    call = seen.call;
    if (call && call.mine && call.sid !== before?.sid && newest !== null) rings = Date.now() + LEAST_RINGS;
    hear(seen.lines);
    list(seen.lines);
    draw();
  };

  const know = (who) => {
    byId("phone-own").textContent = who.number;
    const choices = [
      [who.shop_number, "The shop"],
      [who.shop_second_number, "The shop's other number"],
      [who.nobodys_number, "Not in service"],
    ];
    const options = choices.map(([value, label]) => Object.assign(document.createElement("option"), { value, label }));
    byId("phone-numbers").replaceChildren(...options);
    byId("phone-number").value ||= who.shop_number;
  };

  byId("phone-dial").addEventListener("submit", (event) => {
    event.preventDefault();
    doing({ dial: byId("phone-number").value, hidden: byId("phone-hidden").checked });
  });
  byId("phone-speak").addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = byId("phone-words");
    sounds.say(words.value, document.documentElement.lang, true);
    await doing({ speak: words.value });
    words.value = "";
  });
  for (const button of document.querySelectorAll("[data-key]")) {
    button.addEventListener("click", () => {
      const { key } = button.dataset;
      sounds.key(key);
      if (inCall()) {
        sounds.silence();
        doing({ press: key });
      } else byId("phone-number").value += key;
    });
  }
  for (const what of ["answer", "decline", "hang_up"]) {
    byId(`phone-${what.replace("_", "-")}`).addEventListener("click", () => doing({ [what]: true }));
  }
  byId("phone-others").addEventListener("click", () => doing({ others: true }));
  // The newest line stays in sight when the rest of the telephone grows.
  new ResizeObserver(() => (byId("phone").scrollTop = byId("phone").scrollHeight)).observe(byId("phone"));
  const sound = byId("phone-sound");
  const turned = () => {
    sound.setAttribute("aria-pressed", String(!sounds.off));
    sound.textContent = sounds.off ? "🔇 Sound" : "🔊 Sound";
  };
  sound.addEventListener("click", () => {
    sounds.turn(!sounds.off);
    turned();
  });
  turned();
  setInterval(draw, 250);
  return { show, know };
};
