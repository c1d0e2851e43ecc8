/** What the hub takes for a queue's music (crm_core/work/music.py), as it finds the type from the bytes. */
const TYPES = ["audio/wav", "audio/mpeg"];

/** What a file chooser shows first. */
export const ENDINGS = ".wav,.mp3,audio/wav,audio/mpeg";

export function isMusic(type: string): boolean {
  return TYPES.includes(type);
}
