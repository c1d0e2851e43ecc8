// The sounds of a telephone, made here: tones, a tune for waiting, and words by the browser's own voice.
// Nothing sounds before somebody clicked or pressed a key on the page, and nothing while the sound is off.
"use strict";
window.lenasSounds = () => {
  const KEYS = ["123", "456", "789", "*0#"];
  const ROWS = [697, 770, 852, 941];
  const COLUMNS = [1209, 1336, 1477];
  const TUNE = [262, 330, 392, 523, 392, 330, 294, 349, 440, 587, 440, 349];
  let context = null;
  let off = localStorage.getItem("demo.phone.sound") === "off";
  let running = { name: "", timer: 0, gain: null };
  let wanted = "";
  // Browsers without voices may say for ever that they speak: nobody says eight letters a second for longer than this.
  let speaksUntil = 0;

  const tone = (hertz, after, lasts, to, loud = 0.08) => {
    const start = context.currentTime + after;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loud, start + 0.02);
    gain.gain.setValueAtTime(loud, start + lasts - 0.03);
    gain.gain.linearRampToValueAtTime(0, start + lasts);
    gain.connect(to);
    for (const one of hertz) {
      const source = context.createOscillator();
      source.frequency.value = one;
      source.connect(gain);
      source.start(start);
      source.stop(start + lasts);
    }
  };

  // How long a round lasts in ms, and what sounds in it.
  const LOOPS = {
    ringback: [4000, (to) => tone([425], 0, 1, to)],
    bell: [3000, (to) => [...Array(10).keys()].forEach((n) => tone([n % 2 ? 660 : 880], n * 0.1, 0.1, to))],
    music: [4800, (to) => TUNE.forEach((note, n) => tone([note], n * 0.4, 0.38, to, 0.05))],
  };

  const stop = () => {
    clearInterval(running.timer);
    running.gain?.disconnect();
    running = { name: "", timer: 0, gain: null };
  };

  const play = () => {
    const name = context && !off ? wanted : "";
    if (name === running.name) return;
    stop();
    if (!name) return;
    const gain = context.createGain();
    gain.connect(context.destination);
    const [every, round] = LOOPS[name];
    round(gain);
    running = { name, timer: setInterval(() => round(gain), every), gain };
  };

  const once = (hertz, lasts, times = 1) => {
    if (!context || off) return;
    for (let n = 0; n < times; n += 1) tone(hertz, n * (lasts + 0.25), lasts, context.destination);
  };

  const wake = () => {
    if (context) return;
    context = new AudioContext();
    play();
  };
  for (const what of ["pointerdown", "keydown"]) addEventListener(what, wake, { once: true });

  return {
    get off() {
      return off;
    },
    turn(isOff) {
      off = isOff;
      localStorage.setItem("demo.phone.sound", off ? "off" : "on");
      if (off) window.speechSynthesis?.cancel();
      play();
    },
    // What goes on sounding: ringback, bell, music, or nothing.
    loop(name) {
      wanted = name;
      play();
    },
    beep: () => once([1000], 0.4),
    ended: () => once([425], 0.25, 3),
    key(digit) {
      const row = KEYS.findIndex((keys) => keys.includes(digit));
      if (row >= 0) once([ROWS[row], COLUMNS[KEYS[row].indexOf(digit)]], 0.12);
    },
    say(words, language, isMine = false) {
      if (!context || off || !window.speechSynthesis) return;
      const said = new SpeechSynthesisUtterance(words);
      said.lang = language;
      said.pitch = isMine ? 1.4 : 1;
      speaksUntil = Math.max(speaksUntil, Date.now()) + 1000 + words.length * 125;
      speechSynthesis.speak(said);
    },
    silence() {
      speaksUntil = 0;
      window.speechSynthesis?.cancel();
    },
    get isSpeaking() {
      return Boolean(context && !off && window.speechSynthesis?.speaking && Date.now() < speaksUntil);
    },
  };
};
