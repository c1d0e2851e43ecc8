// A message that is left: recorded here, and handed on as a file when it is done.

export class Message {
  private readonly recorder: MediaRecorder;
  private readonly parts: Blob[] = [];
  private readonly since = Date.now();
  private readonly timer: number;

  /** Raises a DOMException where a browser cannot record. */
  constructor(microphone: MediaStream, most: number, full: () => void) {
    this.recorder = new MediaRecorder(microphone);
    this.recorder.ondataavailable = ({ data }) => data.size && this.parts.push(data);
    this.recorder.start(1_000);
    this.timer = window.setTimeout(full, most);
  }

  /** Ends it: what was said, and for how many milliseconds. */
  stop(): Promise<{ file: File; duration: number }> {
    clearTimeout(this.timer);
    const duration = Date.now() - this.since;
    return new Promise((resolve) => {
      const done = () => {
        const type = this.recorder.mimeType || "audio/webm";
        resolve({ file: new File(this.parts, `message.${type.includes("mp4") ? "mp4" : type.includes("ogg") ? "ogg" : "webm"}`, { type }), duration });
      };
      if (this.recorder.state === "inactive") return done();
      this.recorder.onstop = done;
      this.recorder.stop();
    });
  }
}
