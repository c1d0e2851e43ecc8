// Files on their way up, before a message takes them along.

export interface Attachment {
  key: number;
  name: string;
  size: number;
  type: string;
  /** 0 to 1. */
  done: number;
  /** The hub's id once it has the file. */
  id: number | null;
}

export type UploadEnd = { id: number; name: string; type: string; size: number } | "too_large" | "file_type" | "file_failed";

/** Of what a browser sends on while the page goes away; a little less than all of them take. */
const SENT_ON = 60_000;

/** Send bytes, few of them also when the page goes away. The status of the answer; 0: the hub was not reached. */
export async function post(address: string, token: string, body: Blob): Promise<number> {
  try {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(address, { method: "POST", headers, body, keepalive: body.size <= SENT_ON })).status;
  } catch {
    return 0;
  }
}

/** Send a file; `progress` hears how far it is, 0 to 1. */
export function upload(address: string, token: string, file: File, progress: (done: number) => void): Promise<UploadEnd> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name.replace(/[\ud800-\udfff]/gu, "")));
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => resolve("file_failed");
    request.onload = () => {
      if (request.status === 201) {
        try {
          resolve(JSON.parse(request.responseText) as UploadEnd);
        } catch {
          resolve("file_failed");
        }
      } else resolve(request.status === 413 ? "too_large" : request.status === 422 ? "file_type" : "file_failed");
    };
    request.send(file);
  });
}
